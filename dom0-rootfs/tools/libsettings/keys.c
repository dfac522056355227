/*
 * SSH keys that may log in: see settings.h. A line is taken only in its plain
 * form "type base64 comment": options in front could hide what it allows.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsettings/priv.h"

#define FILE_NAME "/state/etc/authorized_keys"

static const char *const types[] = {
	"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com",
};

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Base64 into at most size bytes; how many it stands for, or -1. */
static long decode(const char *text, size_t len, uint8_t *out, size_t size)
{
	uint32_t bits = 0;
	size_t n = 0, pad = 0;

	if (!len || len % 4)
		return -1;
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < len - pad; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return -1;
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 == 0)
			continue;
		if (n < size)
			out[n] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
		n++;
	}
	return (long)n;
}

/* The key's body says its type once more: a string behind its length. */
static bool body_is(const char *body, size_t len, const char *type)
{
	uint8_t head[64] = {0};
	size_t type_len = strlen(type);
	long n = decode(body, len, head, sizeof(head));

	return n > (long)type_len + 20 && !head[0] && !head[1] && !head[2] &&
	       head[3] == type_len && !memcmp(head + 4, type, type_len);
}

int ssh_key_check(const char *line, struct ssh_key *out, struct conf_error *err)
{
	size_t type_len = strcspn(line, " \t"), len;
	const char *type = NULL, *body = line + type_len;

	if (strlen(line) > SETTINGS_KEY_MAX || line[strcspn(line, "\r\n")])
		return conf_fail(err, -EINVAL, "SSH key: not one line of reasonable length: "
				 "give the content of a .pub file");
	if (!strncmp(line, "-----BEGIN", 10))
		return conf_fail(err, -EINVAL, "SSH key: this is the private half: keep it "
				 "to yourself and give the .pub file");
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strlen(types[i]) == type_len && !strncmp(types[i], line, type_len))
			type = types[i];
	if (!type)
		return conf_fail(err, -EINVAL, "SSH key: it must begin with its type, as "
				 "ssh-ed25519: give the content of a .pub file");
	body += strspn(body, " \t");
	len = strcspn(body, " \t");
	if (!body_is(body, len, type))
		return conf_fail(err, -EINVAL, "SSH key: damaged, perhaps cut off: copy the "
				 "whole line of the .pub file");
	if (!out)
		return 0;
	body += len;
	body += strspn(body, " \t");
	snprintf(out->type, sizeof(out->type), "%.39s", type);
	snprintf(out->comment, sizeof(out->comment), "%s", body);
	out->line = NULL;
	return 0;
}

void ssh_keys_free(struct ssh_keys *k)
{
	for (size_t i = 0; i < k->count; i++)
		free(k->keys[i].line);
	free(k->keys);
	*k = (struct ssh_keys){0};
}

static int append(struct ssh_keys *k, const char *line)
{
	struct ssh_key *more, key = {.type = "?"};

	/* What another program put there is shown and kept as it is. */
	if (ssh_key_check(line, &key, NULL))
		snprintf(key.comment, sizeof(key.comment), "%s", line);
	more = realloc(k->keys, (k->count + 1) * sizeof(*more));
	key.line = strdup(line);
	if (more)
		k->keys = more;
	if (!more || !key.line) {
		free(key.line);
		return -ENOMEM;
	}
	more[k->count++] = key;
	return 0;
}

int ssh_keys_load(struct ssh_keys *k, const char *root, struct conf_error *err)
{
	char path[512], *text, *rest, *line;
	int result;

	*k = (struct ssh_keys){0};
	snprintf(path, sizeof(path), "%s" FILE_NAME, root);
	result = file_read(path, CONF_TEXT_MAX, &text, NULL);
	if (result == -ENOENT)
		return 0;
	rest = text;
	while (!result && (line = strsep(&rest, "\n")))
		if (line[strspn(line, " \t\r")] && line[0] != '#')
			result = append(k, line);
	free(text);
	if (!result)
		return 0;
	ssh_keys_free(k);
	return conf_fail(err, result, "%s: cannot be read: %s", path, strerror(-result));
}

static int write_keys(const struct ssh_keys *k, const char *root, struct conf_error *err)
{
	char path[512], *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int result = -ENOMEM;

	snprintf(path, sizeof(path), "%s" FILE_NAME, root);
	if (f) {
		for (size_t i = 0; i < k->count; i++)
			fprintf(f, "%s\n", k->keys[i].line);
		result = fclose(f) ? -ENOMEM : file_write_atomic(path, text, len, 0600);
	}
	free(text);
	if (result)
		return conf_fail(err, result, "%s: cannot be written: %s: the keys are as "
				 "they were", path, strerror(-result));
	return 0;
}

static bool same_key(const char *a, const char *b)
{
	size_t len = strcspn(a, " \t");

	len += strspn(a + len, " \t");
	len += strcspn(a + len, " \t");
	return !strncmp(a, b, len) && strchr(" \t", b[len]);
}

int ssh_key_add(const char *line, const char *root, struct conf_error *err)
{
	struct ssh_keys k;
	int result = ssh_key_check(line, NULL, err);

	if (!result)
		result = ssh_keys_load(&k, root, err);
	if (result)
		return result;
	for (size_t i = 0; !result && i < k.count; i++)
		if (same_key(line, k.keys[i].line))
			result = conf_fail(err, -EEXIST,
					   "SSH key: it is there already: nothing to do");
	if (!result && append(&k, line))
		result = conf_fail(err, -ENOMEM, "SSH key: memory is short");
	if (!result)
		result = write_keys(&k, root, err);
	ssh_keys_free(&k);
	return result;
}

int ssh_key_remove(size_t index, const char *root, struct conf_error *err)
{
	struct ssh_keys k;
	int result = ssh_keys_load(&k, root, err);

	if (result)
		return result;
	if (index >= k.count) {
		ssh_keys_free(&k);
		return conf_fail(err, -ENOENT, "SSH key %zu: there is none: `settings "
				 "ssh-keys` lists them", index + 1);
	}
	free(k.keys[index].line);
	k.count--;
	memmove(k.keys + index, k.keys + index + 1,
		(k.count - index) * sizeof(*k.keys));
	result = write_keys(&k, root, err);
	ssh_keys_free(&k);
	return result;
}
