/*
 * xl seed: gives a defined VM a cloud-init seed volume (NoCloud), as its last disk. It
 * is made anew each time; the guest's cloud-init acts on it at its next first boot.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "config_args.h"
#include "libdom/define.h"
#include "libdom/seed.h"

static int failed(const struct dom_error *err)
{
	xl_error("%s", err->text);
	return XL_FAILED;
}

/* The text of a file that an option names; NULL when it was not given. */
static int option_file(const char *path, char **text)
{
	size_t len;

	*text = NULL;
	if (!path)
		return XL_OK;
	*text = config_file(path, &len);
	if (!*text)
		return XL_FAILED;
	(*text)[len] = '\0'; /* it has room for one more than the largest */
	return XL_OK;
}

static int give(const char *name, struct seed *seed)
{
	char path[DEFINE_PATH_MAX];
	struct definition def;
	struct vm_config cfg;
	struct dom_error err;
	int result;

	if (define_load(NULL, name, &def, &err))
		return failed(&err);
	result = config_copy(&def.cfg, &cfg);
	if (result) {
		xl_error("%s: %s", name, strerror(-result));
		define_free(&def);
		return XL_FAILED;
	}
	result = define_seed_disk(NULL, &cfg, path, &err);
	if (!result) {
		char uuid[DOM_UUID_TEXT_SIZE];

		dom_uuid_text(cfg.uuid, uuid);
		seed->instance_id = uuid;
		seed->hostname = name;
		result = seed_write(seed, path, &err);
	}
	if (!result)
		result = define_save(&def, &cfg, &err);
	config_free(&cfg);
	define_free(&def);
	return result ? failed(&err) : XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct seed seed = { .user = args->value['u'], .password = args->value['p'] };
	char *key, *data = NULL;
	int status = option_file(args->value['k'], &key);

	(void)xl;
	if (!status)
		status = option_file(args->value['d'], &data);
	if (!status && !seed.user && !key && !seed.password && !data) {
		xl_error("seed: nothing to put into it: give -u, -k, -p or -d");
		status = XL_USAGE;
	}
	seed.ssh_key = key;
	seed.user_data = data;
	if (!status)
		status = give(args->operand[0], &seed);
	free(key);
	free(data);
	return status;
}

const struct xl_cmd cmd_seed = {
	.name = "seed",
	.usage = "NAME [OPTIONS]",
	.summary = "Give a defined VM a cloud-init seed volume",
	.min_operands = 1,
	.max_operands = 1,
	.options = {
		{ 'u', "user", "USER", "A user who is made, with sudo." },
		{ 'k', "key", "FILE", "Public SSH keys that may log in." },
		{ 'p', "password", "HASH", "Password, as crypt(3) writes it." },
		{ 'd', "user-data", "FILE", "A whole user-data file instead of these." },
	},
	.run = run,
};
