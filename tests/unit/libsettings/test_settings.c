/*
 * libsettings on a tree of its own: what is set is read back, bad values are
 * refused and change nothing, passwords open only with themselves.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "libsettings/settings.h"

/* The form of a key; not a point of the curve. */
#define ED25519                                                                   \
	"ssh-ed25519 "                                                            \
	"AAAAC3NzaC1lZDI1NTE5AAAAIEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f"

static char root[] = "/tmp/libsettings.XXXXXX";

static const char *at(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void put(const char *path, const char *text)
{
	assert_int_equal(file_write_atomic(at(path), text, strlen(text), 0644), 0);
}

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root) || dir_make(at("/state/etc"), 0755) ||
	    dir_make(at("/etc"), 0755) || dir_make(at("/run/serve"), 0755) ||
	    dir_make(at("/usr/share/keymaps"), 0755) ||
	    dir_make(at("/usr/share/zoneinfo/Europe"), 0755))
		return -1;
	put("/usr/share/zoneinfo/UTC", "TZif2");
	put("/usr/share/zoneinfo/Europe/Berlin", "TZif2");
	put("/usr/share/zoneinfo/tzdata.txt", "no zone");
	put("/usr/share/keymaps/us.bmap", "x");
	put("/usr/share/keymaps/de.bmap", "x");
	return 0;
}

static int remove_root(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void test_defaults_and_back(void **state)
{
	struct settings s, back;
	struct conf_error err;

	(void)state;
	assert_int_equal(settings_load(&s, root, &err), 0);
	assert_string_equal(s.hostname, "basalt");
	assert_string_equal(s.timezone, "UTC");
	assert_int_equal(s.nntp, 0);
	strcpy(s.hostname, "rack7.example.org");
	strcpy(s.timezone, "Europe/Berlin");
	strcpy(s.keyboard, "de");
	strcpy(s.ntp[0], "192.0.2.1");
	strcpy(s.ntp[1], "time.example.org");
	s.nntp = 2;
	s.lock_minutes = 0;
	assert_int_equal(settings_save(&s, root, &err), 0);
	assert_int_equal(settings_load(&back, root, &err), 0);
	assert_string_equal(back.hostname, s.hostname);
	assert_string_equal(back.timezone, s.timezone);
	assert_string_equal(back.keyboard, s.keyboard);
	assert_int_equal(back.nntp, 2);
	assert_string_equal(back.ntp[1], s.ntp[1]);
	assert_int_equal(back.lock_minutes, 0);
}

static void test_takes_effect_in_the_tree(void **state)
{
	struct settings s;
	struct conf_error err;
	char target[128] = "", *text;

	(void)state;
	assert_int_equal(settings_load(&s, root, &err), 0);
	assert_int_equal(settings_apply(&s, root, &err), 0);
	assert_true(readlink(at("/etc/localtime"), target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/usr/share/zoneinfo/Europe/Berlin");
	assert_int_equal(file_read(at("/etc/hosts"), 4096, &text, NULL), 0);
	assert_non_null(strstr(text, "127.0.1.1\track7.example.org\n"));
	free(text);
}

static void test_bad_values(void **state)
{
	static const char *const bad[][2] = {
		{"hostname", ""}, {"hostname", "-a"}, {"hostname", "a..b"},
		{"hostname", "a_b"}, {"hostname", "a."}, {"hostname", "h\xc3\xb6st"},
		{"timezone", ""}, {"timezone", "Europe"}, {"timezone", "../../etc/hosts"},
		{"timezone", "tzdata.txt"}, {"timezone", "/Europe/Berlin"},
		{"ntp", ""}, {"ntp", "-p"}, {"ntp", "a b"}, {"ntp", "a;b"},
		{"keyboard", "../x"}, {"keyboard", "xx"}, {"keyboard", ""},
		{"lock_minutes", "-1"}, {"lock_minutes", "1441"}, {"lock_minutes", "x"},
		{"colour", "blue"},
	};
	struct settings s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct conf_error err = {0};

		assert_int_equal(settings_check(bad[i][0], bad[i][1], root, &err),
				 -EINVAL);
		assert_true(strlen(err.text) > 20);
	}
	assert_int_equal(settings_load(&s, root, NULL), 0);
	strcpy(s.keyboard, "nowhere");
	assert_int_equal(settings_save(&s, root, NULL), -EINVAL);
	assert_int_equal(settings_load(&s, root, NULL), 0);
	assert_string_equal(s.keyboard, "de");
}

static void test_damaged_file_is_refused(void **state)
{
	struct conf_error err;
	struct settings s;

	(void)state;
	put("/state/etc/system.conf", "hostname = ok\ncolour = blue\n");
	assert_int_equal(settings_load(&s, root, &err), -EINVAL);
	/* And what one gets then is the defaults, not half a file. */
	assert_string_equal(s.hostname, "basalt");
	assert_int_equal(unlink(at("/state/etc/system.conf")), 0);
}

static void test_names(void **state)
{
	char **zones = settings_timezones(root), **boards = settings_keyboards(root);

	(void)state;
	assert_string_equal(zones[0], "Europe/Berlin");
	assert_string_equal(zones[1], "UTC");
	assert_null(zones[2]);
	assert_string_equal(boards[0], "de");
	assert_string_equal(boards[1], "us");
	assert_null(boards[2]);
	settings_free_list(zones);
	settings_free_list(boards);
}

static void test_password(void **state)
{
	struct conf_error err;
	struct stat st;

	(void)state;
	assert_int_equal(account_init(root), 0);
	assert_int_equal(account_any_password(root), 0);
	assert_int_equal(account_password_is("root", "", root), 0);
	assert_int_equal(account_password_is("root", "*", root), 0);
	assert_int_equal(account_set_password("root", "short", root, &err), -EINVAL);
	assert_int_equal(account_set_password("nobody", "long enough", root, &err),
			 -EINVAL);
	assert_int_equal(account_set_password("root", "long enough", root, &err), 0);
	assert_int_equal(account_has_password("root", root), 1);
	assert_int_equal(account_has_password("operator", root), 0);
	assert_int_equal(account_password_is("root", "long enough", root), 1);
	assert_int_equal(account_password_is("root", "long enougH", root), 0);
	assert_int_equal(account_password_is("operator", "long enough", root), 0);
	assert_int_equal(stat(at("/state/etc/shadow"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(account_init(root), 0);
	assert_int_equal(account_password_is("root", "long enough", root), 1);
	assert_int_equal(account_set_password("root", NULL, root, &err), 0);
	assert_int_equal(account_any_password(root), 0);
}

static void test_hash(void **state)
{
	/* "password" */
	static const char good[] =
		"$5$saltstring$OH4IDuTlsuTYPdED1gsuiRMyTAwNlRWyA6Xr3I4/dQ5";
	struct conf_error err;

	(void)state;
	assert_int_equal(account_set_hash("operator", good, root, &err), 0);
	assert_int_equal(account_password_is("operator", "password", root), 1);
	assert_int_equal(account_set_hash("operator", "$1$abc$xyz", root, &err), -EINVAL);
	assert_int_equal(account_set_hash("operator", "$5$saltstring$OH4I", root, &err),
			 -EINVAL);
	assert_int_equal(account_set_hash("operator", "$5$a:b$x", root, &err), -EINVAL);
	assert_int_equal(account_password_is("operator", "password", root), 1);
}

static void test_keys(void **state)
{
	struct conf_error err;
	struct ssh_keys k;

	(void)state;
	assert_int_equal(ssh_key_add(ED25519 " anna@laptop", root, &err), 0);
	assert_int_equal(ssh_key_add(ED25519 " another name", root, &err), -EEXIST);
	assert_int_equal(ssh_key_add("ssh-ed25519 AAAA", root, &err), -EINVAL);
	assert_int_equal(ssh_key_add("command=\"x\" " ED25519, root, &err), -EINVAL);
	assert_int_equal(ssh_key_add(ED25519 "\nssh-rsa x", root, &err), -EINVAL);
	assert_int_equal(ssh_key_add("-----BEGIN OPENSSH PRIVATE KEY-----", root, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "private"));
	assert_int_equal(ssh_keys_load(&k, root, &err), 0);
	assert_int_equal(k.count, 1);
	assert_string_equal(k.keys[0].type, "ssh-ed25519");
	assert_string_equal(k.keys[0].comment, "anna@laptop");
	ssh_keys_free(&k);
	assert_int_equal(ssh_key_remove(1, root, &err), -ENOENT);
	assert_int_equal(ssh_key_remove(0, root, &err), 0);
	assert_int_equal(ssh_keys_load(&k, root, &err), 0);
	assert_int_equal(k.count, 0);
	ssh_keys_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_and_back),
		cmocka_unit_test(test_takes_effect_in_the_tree),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_damaged_file_is_refused),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
