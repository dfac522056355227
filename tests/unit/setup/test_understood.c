/*
 * What the screens write is what the engine and the network understand: every
 * combination of choices makes an answer file without a problem, and its values
 * arrive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "answers.h"
#include "choices.h"
#include "libnet/net.h"

static struct facts f;
static struct choices c;
static struct answers a;
static char text[16384];

static int start(void **state)
{
	static const char *const disks[] = { "nvme0n1", "sda", "sdb" };

	(void)state;
	memset(&f, 0, sizeof(f));
	for (size_t i = 0; i < 3; i++, f.ndisks++) {
		snprintf(f.disk[i].name, sizeof(f.disk[i].name), "%s", disks[i]);
		f.disk[i].size = 100000000000;
	}
	for (int i = 0; i < 3; i++, f.nnics++)
		snprintf(f.nic[i].name, sizeof(f.nic[i].name), "eth%d", i);
	choices_preset(&c, &f);
	c.disk[0] = true;
	return 0;
}

/* Parses what the choices make; the problems are shown when there are any. */
static void understood(void)
{
	struct answer_problem p[16];
	int n;

	assert_int_equal(answers_text(&c, &f, true, text, sizeof(text)), 0);
	n = answers_parse(&a, text, strlen(text), p, 16);
	for (int i = 0; i < n && i < 16; i++)
		print_error("line %d: %s\n", p[i].line, p[i].text);
	if (n)
		print_error("%s", text);
	assert_int_equal(n, 0);
}

static void network_understood(void)
{
	struct conf_error err;
	struct net_config net;

	network_text(&c, &f, "", text, sizeof(text));
	if (net_parse(&net, text, strlen(text), "test", &err)) {
		print_error("%s\n%s", err.text, text);
		fail();
	}
	net_free(&net);
}

static void test_presets(void **state)
{
	(void)state;
	understood();
	assert_int_equal(a.action, ACTION_INSTALL);
	assert_int_equal(a.disk.n, 1);
	assert_string_equal(a.disk.text[0], "/dev/nvme0n1");
	assert_int_equal(a.existing, EXISTING_REFUSE);
	assert_int_equal(a.end, END_REBOOT);
	answers_free(&a);
}

static void test_everything(void **state)
{
	(void)state;
	c.disk[1] = c.storage_disk[2] = true;
	snprintf(f.disk[1].holds, sizeof(f.disk[1].holds), "LVM");
	strcpy(c.hostname, "rack7.example.org");
	strcpy(c.timezone, "Europe/Berlin");
	strcpy(c.keyboard, "de-nodeadkeys");
	strcpy(c.ntp, "192.0.2.1 pool.example.org");
	strcpy(c.password, "correct horse");
	strcpy(c.ssh_key, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6U"
	       "OoqKLsabgH5C9okWi0dh2l9GKJl me@there");
	strcpy(c.dom0_memory, "512M");
	c.serial = SERIAL_COM2;
	c.end = FINISH_POWEROFF;
	c.along_vms = c.along_network = c.along_settings = c.along_keys = true;
	understood();
	assert_int_equal(a.raid, RAID_1);
	assert_int_equal(a.existing, EXISTING_WIPE);
	assert_string_equal(a.storage_disk, "/dev/sdb");
	assert_string_equal(a.hostname, "rack7.example.org");
	assert_string_equal(a.keyboard, "de-nodeadkeys");
	assert_int_equal(a.ntp.n, 2);
	assert_int_equal(strncmp(a.root_password_hash, "$6$", 3), 0);
	assert_string_equal(a.operator_password_hash, a.root_password_hash);
	assert_int_equal(a.dom0_memory, 512 << 20);
	assert_int_equal(a.take_along,
			 TAKE_VMS | TAKE_NETWORK | TAKE_SETTINGS | TAKE_KEYS);
	assert_string_equal(a.serial, "com2");
	assert_int_equal(a.end, END_POWEROFF);
	answers_free(&a);
}

static void test_storage_kinds(void **state)
{
	static const enum answer_storage kinds[] = { STORAGE_LVM,
						     STORAGE_DIRECTORY,
						     STORAGE_NONE };

	(void)state;
	for (int i = 0; i < 3; i++) {
		c.storage = (enum storage)i;
		understood();
		assert_int_equal(a.storage, kinds[i]);
		answers_free(&a);
	}
}

static void test_upgrade_and_restore(void **state)
{
	(void)state;
	c.action = ACT_UPGRADE;
	understood();
	assert_int_equal(a.action, ACTION_UPGRADE);
	answers_free(&a);
	memset(c.disk, 0, sizeof(c.disk));
	c.action = ACT_RESTORE;
	understood();
	assert_int_equal(a.action, ACTION_RESTORE);
	answers_free(&a);
}

/* Every kind of address, on a card, a bond, a VLAN, with both kinds of bridge. */
static void test_networks(void **state)
{
	(void)state;
	strcpy(c.addr4, "192.0.2.10/24");
	strcpy(c.gateway4, "192.0.2.1");
	strcpy(c.addr6, "2001:db8::10/64");
	strcpy(c.gateway6, "2001:db8::1");
	strcpy(c.dns, "192.0.2.53 2001:db8::53");
	for (unsigned int n = 0; n < 3 * 3 * 2 * 2 * 2 * 2; n++) {
		c.ip4 = (enum ip)(n % 3);
		c.ip6 = (enum ip)(n / 3 % 3);
		c.bond = (enum bond)(n / 9 % 2);
		c.nic[1] = n / 18 % 2;
		c.private_vms = n / 36 % 2;
		snprintf(c.vlan, sizeof(c.vlan), "%s", n / 72 % 2 ? "4094" : "");
		understood();
		answers_free(&a);
		network_understood();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_presets, start),
		cmocka_unit_test_setup(test_everything, start),
		cmocka_unit_test_setup(test_storage_kinds, start),
		cmocka_unit_test_setup(test_upgrade_and_restore, start),
		cmocka_unit_test_setup(test_networks, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
