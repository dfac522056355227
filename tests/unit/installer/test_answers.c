/* Answer files: what is good, what is refused, and with which line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"
#include "match.h"

#define MAX 8
#define INSTALL "action = install\ndisk = /dev/sda\n"

static struct answer_problem p[MAX];

static int parse(struct answers *a, const char *text)
{
	memset(p, 0, sizeof(p));
	return answers_parse(a, text, strlen(text), p, MAX);
}

/* @text is refused for one reason, told with @line and @word. */
static void refused(const char *text, int line, const char *word)
{
	struct answers a;

	assert_int_equal(parse(&a, text), 1);
	if (p[0].line != line || !strstr(p[0].text, word))
		fail_msg("line %d: %s\n(wanted line %d: %s)", p[0].line, p[0].text,
			 line, word);
	answers_free(&a);
}

static void accepted(const char *text)
{
	struct answers a;

	if (parse(&a, text))
		fail_msg("line %d: %s", p[0].line, p[0].text);
	answers_free(&a);
}

static void defaults(void **state)
{
	struct answers a;

	(void)state;
	assert_int_equal(parse(&a, INSTALL), 0);
	assert_int_equal(a.action, ACTION_INSTALL);
	assert_int_equal(a.existing, EXISTING_REFUSE);
	assert_int_equal(a.storage, STORAGE_LVM);
	assert_string_equal(a.storage_disk, "rest");
	assert_string_equal(a.source, "medium");
	assert_string_equal(a.hostname, "basalt");
	assert_string_equal(a.root_password, "");
	assert_string_equal(a.serial, "com1");
	assert_int_equal(a.end, END_REBOOT);
	assert_int_equal(a.lock_minutes, -1);
	assert_false(answers_given(&a, "hostname"));
	assert_true(answers_given(&a, "disk"));
	answers_free(&a);
}

static void everything(void **state)
{
	struct answers a;

	(void)state;
	assert_int_equal(parse(&a,
		"# all of it\naction = install\nraid = raid1\n"
		"disk = serial=A bus=nvme\ndisk = serial=B\nexisting = wipe\n"
		"storage = directory\nstorage_disk = model=WD_* size>=1T\n"
		"source = /tmp/x.iso\nhostname = a-1.example.org\n"
		"timezone = Europe/Berlin\nntp = 192.0.2.1\nntp = t.example\n"
		"keyboard = de\nlock_minutes = 0\nroot_password = se cret = #1\n"
		"ssh_key = ssh-ed25519 AAAAC3Nz me\nssh_key = ssh-rsa AAAAB3 x\n"
		"take_along = vms, keys\ndom0_memory = 1G\nserial = none\n"
		"end = poweroff\nnet.bridge = xenbr0 ports=eth0\nnet.dns = 9.9.9.9\n"),
		0);
	assert_int_equal(a.disk.n, 2);
	assert_int_equal(a.ntp.n, 2);
	assert_int_equal(a.ssh_key.n, 2);
	assert_string_equal(a.net.text[0], "bridge = xenbr0 ports=eth0");
	assert_string_equal(a.net.text[1], "dns = 9.9.9.9");
	assert_string_equal(a.root_password, "se cret = #1");
	assert_int_equal(a.take_along, TAKE_VMS | TAKE_KEYS);
	assert_int_equal(a.dom0_memory, 1 << 30);
	assert_int_equal(a.lock_minutes, 0);
	assert_int_equal(a.end, END_POWEROFF);
	answers_free(&a);
}

static void bad_lines(void **state)
{
	(void)state;
	refused(INSTALL "colour = blue\n", 3, "colour: unknown key");
	refused(INSTALL "net. = x\n", 3, "unknown key");
	refused(INSTALL "hostname = a\nhostname = b\n", 4, "given twice");
	refused(INSTALL "hostname =\n", 3, "no value");
	refused(INSTALL "hostname = -a\n", 3, "host name");
	refused(INSTALL "hostname = a..b\n", 3, "host name");
	refused(INSTALL "hostname = a_b\n", 3, "host name");
	refused(INSTALL "lock_minutes = 1441\n", 3, "1440");
	refused(INSTALL "lock_minutes = 5x\n", 3, "1440");
	refused(INSTALL "end = later\n", 3, "stop, reboot, poweroff");
	refused(INSTALL "timezone = ../../etc/shadow\n", 3, "time zone");
	refused(INSTALL "keyboard = ../x\n", 3, "key map");
	refused(INSTALL "root_password = short\n", 3, "8 to 128");
	refused(INSTALL "root_password_hash = $1$abc\n", 3, "SHA-crypt");
	refused(INSTALL "ssh_key = hello\n", 3, "public key");
	refused(INSTALL "take_along = vms cats\n", 3, "cats");
	refused(INSTALL "dom0_memory = 64M\n", 3, "128M");
	refused(INSTALL "source = relative.iso\n", 3, "path");
	refused(INSTALL "storage_disk = colour=blue\n", 3, "colour=blue");
	refused(INSTALL "storage = zfs\n", 3, "lvm, directory, none");
	refused(INSTALL "existing = maybe\n", 3, "refuse, wipe");
	refused(INSTALL "serial = com9\n", 3, "com1, com2, none");
	refused(INSTALL "disk = size>=big\n", 3, "size>=big");
	refused(INSTALL "disk = bus=scsi\n", 3, "nvme, sata, sas");
	refused(INSTALL "disk = /etc/passwd\n", 3, "below /dev");
	refused(INSTALL "operator_password_hash = $y$j9T$abc\n", 3, "sha512crypt");
	refused("action\ndisk = any\n", 1, "");
}

static void bad_wholes(void **state)
{
	(void)state;
	refused("disk = any\n", 0, "action: not given");
	refused("action = install\n", 0, "disk: given 0 times");
	refused(INSTALL "disk = /dev/sdb\n", 0, "disk: given 2 times");
	refused(INSTALL "raid = raid1\n", 0, "raid1 wants two disks");
	refused(INSTALL "storage = none\nstorage_disk = any\n", 0, "storage_disk");
	refused("action = upgrade\nhostname = x\n", 0, "hostname: has no meaning");
	refused("action = restore\nnet.dns = 1.1.1.1\n", 0, "net.*");
	accepted("action = upgrade\nsource = /tmp/new.iso\n");
	accepted("action = restore\ndisk = any\n");
}

/* A plain password is taken, with a word about it; a hash without one. */
static void plain_passwords(void **state)
{
	struct answers a;
	char note[300];

	(void)state;
	assert_int_equal(parse(&a, INSTALL "operator_password = horse staple\n"), 0);
	assert_true(answers_plain(&a, note, sizeof(note)));
	assert_non_null(strstr(note, "operator_password is given in plain text"));
	assert_non_null(strstr(note, "operator_password_hash"));
	assert_null(strstr(note, "horse"));
	answers_free(&a);
	assert_int_equal(parse(&a, INSTALL "root_password_hash = $6$0123456789abcdef$"
			       "0123456789abcdef\n"), 0);
	assert_false(answers_plain(&a, note, sizeof(note)));
	answers_free(&a);
}

/* More problems than there is room for: the number given, no write beyond. */
static void many_problems(void **state)
{
	struct answers a;
	char text[4096] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "nonsense = 1\n");
	assert_int_equal(parse(&a, text), MAX);
	assert_string_equal(p[MAX - 1].text, p[0].text);
	answers_free(&a);
}

static void hostile_text(void **state)
{
	struct answers a;
	static char big[ANSWER_FILE_MAX + 2];

	(void)state;
	assert_int_equal(answers_parse(&a, "action = in\0stall\n", 18, p, MAX), 1);
	answers_free(&a);
	memset(big, 'x', sizeof(big));
	assert_int_equal(answers_parse(&a, big, sizeof(big), p, MAX), 1);
	answers_free(&a);
	assert_int_equal(answers_load(&a, "/nonexistent", p, MAX), 1);
	assert_non_null(strstr(p[0].text, "/nonexistent"));
	answers_free(&a);
}

static void one_field(void **state)
{
	struct answer_problem q;

	(void)state;
	assert_int_equal(answer_check("hostname", "good", &q), 0);
	assert_int_not_equal(answer_check("hostname", "bad name", &q), 0);
	assert_non_null(strstr(q.text, "hostname"));
	assert_int_not_equal(answer_check("nonsense", "x", &q), 0);
	assert_int_equal(answer_check("net.dns", "x", &q), 0);
}

static void sizes(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(match_size("10G", &n), 0);
	assert_int_equal(n, 10ull << 30);
	assert_int_equal(match_size("7", &n), 0);
	assert_int_equal(n, 7);
	assert_int_not_equal(match_size("", &n), 0);
	assert_int_not_equal(match_size("-1", &n), 0);
	assert_int_not_equal(match_size("1X", &n), 0);
	assert_int_not_equal(match_size("1GB", &n), 0);
	assert_int_not_equal(match_size("99999999999999999999", &n), 0);
	assert_int_not_equal(match_size("18446744073709551615T", &n), 0);
}

/* Every row of the table can be set to what it says it falls back to. */
static void table_is_consistent(void **state)
{
	struct answer_problem q;

	(void)state;
	for (size_t i = 0; i < answer_keys_n; i++) {
		const struct answer_key *k = &answer_keys[i];

		assert_true(*k->help && *k->values);
		if (*k->fallback)
			assert_int_equal(answer_check(k->name, k->fallback, &q), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(everything),
		cmocka_unit_test(bad_lines), cmocka_unit_test(bad_wholes),
		cmocka_unit_test(plain_passwords),
		cmocka_unit_test(many_problems), cmocka_unit_test(hostile_text),
		cmocka_unit_test(one_field), cmocka_unit_test(sizes),
		cmocka_unit_test(table_is_consistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
