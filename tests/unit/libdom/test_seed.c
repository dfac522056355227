/*
 * Seed volumes, looked at by other people's tools: dosfstools and mtools must take
 * them, and blkid must see the label that cloud-init looks for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libdom/seed.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6F5oWNJCxYbSeWQyQ5iyd3iKNC7I7Ek+JJSlGX3Y1E"

static char path[64];

static int make_path(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/test-seed-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int drop_path(void **state)
{
	(void)state;
	return unlink(path);
}

/* What a command with the image's path behind it prints. */
static void assert_prints(const char *command, const char *want)
{
	char line[160], got[8192];
	size_t n;
	FILE *p;

	snprintf(line, sizeof(line), command, path);
	p = popen(line, "r");
	assert_non_null(p);
	n = fread(got, 1, sizeof(got) - 1, p);
	got[n] = '\0';
	assert_int_equal(pclose(p), 0);
	if (want)
		assert_string_equal(got, want);
}

static void others_can_read_it(void **state)
{
	const struct seed seed = {
		.instance_id = "i-1", .hostname = "Web_1", .user = "ada",
		.ssh_key = "# mine\n" KEY " ada@\"desk\"\n\n" KEY " 2",
		.password = "$6$a$b",
	};

	(void)state;
	assert_int_equal(seed_write(&seed, path, NULL), 0);
	assert_prints("PATH=$PATH:/usr/sbin fsck.vfat -n %s", NULL);
	assert_prints("PATH=$PATH:/usr/sbin blkid -p -o value -s LABEL %s", "CIDATA\n");
	assert_prints("PATH=$PATH:/usr/sbin blkid -p -o value -s TYPE %s", "vfat\n");
	assert_prints("mtype -i %s ::meta-data",
		      "instance-id: \"i-1\"\nlocal-hostname: web-1\n");
	assert_prints("mtype -i %s ::user-data",
		      "#cloud-config\nusers:\n  - name: ada\n    shell: /bin/bash\n"
		      "    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n    lock_passwd: false\n"
		      "    passwd: \"$6$a$b\"\n    ssh_authorized_keys:\n"
		      "      - \"" KEY " ada@\\\"desk\\\"\"\n      - \"" KEY " 2\"\n"
		      "ssh_pwauth: true\n");
}

/* Files of every length around a sector's end, and one that does not fit. */
static void any_length(void **state)
{
	struct seed seed = {.instance_id = "i", .hostname = "-"};
	char *text = malloc(2 << 20), *back;
	struct dom_error err;

	(void)state;
	assert_non_null(text);
	for (int n = 0; n < 1100; n += n < 510 ? 255 : 1) {
		memset(text, 'a', (size_t)n);
		text[n] = '\0';
		seed.user_data = text;
		assert_int_equal(seed_write(&seed, path, NULL), 0);
		if (n == 0)
			continue; /* nothing to read back */
		assert_int_equal(seed_read(path, &back, NULL), 0);
		assert_string_equal(back, text);
		free(back);
	}
	assert_prints("PATH=$PATH:/usr/sbin fsck.vfat -n %s", NULL);
	assert_prints("mtype -i %s ::meta-data", "instance-id: \"i\"\nlocal-hostname: vm\n");
	memset(text, 'a', (2 << 20) - 1);
	text[(2 << 20) - 1] = '\0';
	assert_int_equal(seed_write(&seed, path, &err), -E2BIG);
	free(text);
}

static void what_cannot_be_used(void **state)
{
	static const char *const users[] = {"", "root", "Ada", "1a", "a b", "a:b", "-a",
		"a\n", "abcdefghijabcdefghijabcdefghijabc"};
	static const char *const keys[] = {"", "\n# none\n", "hello", "ssh-ed25519",
		"ssh-ed25519 AAAA", "ssh-rsa AAAA\x1b", KEY "\nhello",
		"-----BEGIN OPENSSH PRIVATE KEY-----"};
	struct seed seed = {.instance_id = "i", .hostname = "h", .user = "a b"};
	struct dom_error err;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		assert_non_null(seed_user_problem(users[i]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_non_null(seed_key_problem(keys[i]));
	assert_null(seed_user_problem("_a-9"));
	assert_null(seed_key_problem("restrict,command=\"x\" " KEY));
	assert_int_equal(seed_write(&seed, path, &err), -EINVAL);
	assert_int_equal(seed_read(path, &text, &err), -EINVAL);
	assert_int_equal(seed_read("/nowhere/at/all", &text, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(others_can_read_it, make_path, drop_path),
		cmocka_unit_test_setup_teardown(any_length, make_path, drop_path),
		cmocka_unit_test_setup_teardown(what_cannot_be_used, make_path, drop_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
