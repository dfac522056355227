/*
 * The two accounts and their passwords: see settings.h. The file is shadow(5)'s,
 * so that every program that knows that format can ask; "*" is no password, and
 * none fits it.
 */
#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "libsettings/priv.h"

#define SHADOW	 "/state/etc/shadow"
#define ACCOUNTS 2
#define LEAST	 8 /* characters of a password */

const char *const account_names[] = {"root", "operator", NULL};

struct hashes {
	char text[ACCOUNTS][CRYPT_OUTPUT_SIZE]; /* "*": none */
};

static int account_index(const char *account)
{
	for (int i = 0; i < ACCOUNTS; i++)
		if (!strcmp(account, account_names[i]))
			return i;
	return -EINVAL;
}

static void read_line(struct hashes *h, const char *line)
{
	size_t name_len = strcspn(line, ":");

	for (int i = 0; i < ACCOUNTS && line[name_len]; i++) {
		const char *hash = line + name_len + 1;
		size_t len = strcspn(hash, ":");

		if (strlen(account_names[i]) != name_len ||
		    strncmp(account_names[i], line, name_len))
			continue;
		/* Locked ("!") and empty are no password either. */
		if (len && len < sizeof(h->text[i]) && hash[0] == '$')
			snprintf(h->text[i], sizeof(h->text[i]), "%.*s", (int)len, hash);
	}
}

static int load(struct hashes *h, const char *root)
{
	char path[512], *text, *rest, *line;
	int result;

	for (int i = 0; i < ACCOUNTS; i++)
		strcpy(h->text[i], "*");
	snprintf(path, sizeof(path), "%s" SHADOW, root);
	result = file_read(path, 65536, &text, NULL);
	if (result)
		return result == -ENOENT ? 0 : result;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		read_line(h, line);
	explicit_bzero(text, strlen(text));
	free(text);
	return 0;
}

static int save(const struct hashes *h, const char *root)
{
	char path[512], text[ACCOUNTS * (CRYPT_OUTPUT_SIZE + 64)] = "";
	size_t used = 0;

	for (int i = 0; i < ACCOUNTS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s:%s:::::::\n", account_names[i], h->text[i]);
	snprintf(path, sizeof(path), "%s" SHADOW, root);
	return file_write_atomic(path, text, used, 0600);
}

int account_init(const char *root)
{
	struct hashes h;
	int result = load(&h, root);

	return result ? result : save(&h, root);
}

int account_has_password(const char *account, const char *root)
{
	struct hashes h;
	int i = account_index(account);

	/* A file that cannot be read must not open the door. */
	return i < 0 ? 0 : load(&h, root) || h.text[i][0] == '$';
}

int account_any_password(const char *root)
{
	for (int i = 0; i < ACCOUNTS; i++)
		if (account_has_password(account_names[i], root))
			return 1;
	return 0;
}

/* In a time that does not tell where they differ. */
static bool same(const char *a, const char *b)
{
	size_t len = strlen(a);
	char differ = 0;

	if (strlen(b) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		differ |= (char)(a[i] ^ b[i]);
	return !differ;
}

int account_password_is(const char *account, const char *password, const char *root)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	struct hashes h;
	int i = account_index(account), answer = 0;
	const char *made;

	if (data && i >= 0 && !load(&h, root) && h.text[i][0] == '$') {
		made = crypt_r(password, h.text[i], data);
		answer = made && made[0] == '$' && same(made, h.text[i]);
	}
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return answer;
}

static int put_hash(const char *account, const char *hash, const char *root,
		    struct conf_error *err)
{
	struct hashes h;
	int i = account_index(account), result;

	if (i < 0)
		return conf_fail(err, -EINVAL, "%.40s: no such account: there are root "
				 "and operator", account);
	result = load(&h, root);
	if (!result) {
		snprintf(h.text[i], sizeof(h.text[i]), "%s", hash);
		result = save(&h, root);
	}
	if (result)
		return conf_fail(err, result, "password of %s: cannot be written: %s: "
				 "it is as it was", account, strerror(-result));
	return 0;
}

int account_set_hash(const char *account, const char *hash, const char *root,
		     struct conf_error *err)
{
	struct crypt_data *data;
	const char *made;
	bool good;

	if (!(!strncmp(hash, "$y$", 3) || !strncmp(hash, "$6$", 3) ||
	      !strncmp(hash, "$5$", 3)) ||
	    strlen(hash) >= CRYPT_OUTPUT_SIZE || strpbrk(hash, ": \n\t"))
		return conf_fail(err, -EINVAL, "password hash: not of the kind $y$, $6$ or "
				 "$5$: make one with `mkpasswd -m sha512crypt`");
	/* What crypt() does not take, nobody could ever log in with. */
	data = calloc(1, sizeof(*data));
	made = data ? crypt_r("", hash, data) : NULL;
	good = made && made[0] == '$' && strlen(made) == strlen(hash);
	free(data);
	if (!good)
		return conf_fail(err, -EINVAL, "password hash: it is damaged: copy it whole");
	return put_hash(account, hash, root, err);
}

int account_set_password(const char *account, const char *password, const char *root,
			 struct conf_error *err)
{
	struct crypt_data *data;
	char salt[CRYPT_GENSALT_OUTPUT_SIZE], noise[16];
	const char *made = NULL;
	int result;

	if (!password)
		return put_hash(account, "*", root, err);
	if (strlen(password) < LEAST)
		return conf_fail(err, -EINVAL, "password: shorter than %d characters: "
				 "choose a longer one", LEAST);
	if (strlen(password) >= CRYPT_MAX_PASSPHRASE_SIZE)
		return conf_fail(err, -EINVAL, "password: too long: choose a shorter one");
	data = calloc(1, sizeof(*data));
	if (data && getrandom(noise, sizeof(noise), 0) == (ssize_t)sizeof(noise) &&
	    crypt_gensalt_rn("$6$", 0, noise, sizeof(noise), salt, sizeof(salt)))
		made = crypt_r(password, salt, data);
	result = made && made[0] == '$'
			 ? put_hash(account, made, root, err)
			 : conf_fail(err, -ENOMEM, "password: cannot be hashed: is there "
				     "memory?");
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return result;
}
