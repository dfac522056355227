/*
 * The installer's screens without a terminal: the order of the pages, what is
 * wrong with an answer, and the texts that are made of the answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pages.h"
#include "text.h"
#include "verdict.h"

static struct facts f;
static struct choices c;
static char why[512], buf[16384];

static void add_disk(const char *name, uint64_t gb, const char *holds,
		     const char *why_not)
{
	struct drive *d = &f.disk[f.ndisks++];

	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(d->model, sizeof(d->model), "Model");
	snprintf(d->serial, sizeof(d->serial), "S-%s", name);
	snprintf(d->holds, sizeof(d->holds), "%s", holds);
	snprintf(d->why_not, sizeof(d->why_not), "%s", why_not);
	d->size = gb * 1000000000;
}

static void add_nic(const char *name, bool link)
{
	struct nic *n = &f.nic[f.nnics++];

	snprintf(n->name, sizeof(n->name), "%s", name);
	n->link = link;
}

/* A machine with three disks and three cards, of which the second has a link. */
static int start(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	f.virt = VIRT_USED;
	f.nested = true;
	f.cpus = 4;
	f.memory_mib = 8192;
	add_disk("nvme0n1", 1800, "LVM 'data'", "");
	add_disk("sda", 500, "", "");
	add_disk("sdb", 8, "", "it is in use");
	add_nic("eth0", false);
	add_nic("eth1", true);
	add_nic("eth2", true);
	choices_preset(&c, &f);
	return 0;
}

/* --- pages ---------------------------------------------------------------- */

/* From the first page to the last and back: each lies between its neighbours. */
static void check_walk(int expected)
{
	enum page seen[PAGES], page = PAGE_KEYBOARD;
	int n = 0;

	for (; page != PAGE_NONE; page = page_after(page, &c, &f))
		seen[n++] = page;
	assert_int_equal(n, expected);
	assert_int_equal(seen[n - 1], PAGE_DONE);
	assert_int_equal(page_before(PAGE_DONE, &c, &f), PAGE_NONE);
	for (int i = n - 2; i > 0; i--)
		assert_int_equal(page_before(seen[i], &c, &f), seen[i - 1]);
	assert_int_equal(page_before(PAGE_KEYBOARD, &c, &f), PAGE_NONE);
}

static void test_install_has_twelve_pages(void **state)
{
	(void)state;
	check_walk(12);
	f.live.vms = 1;
	check_walk(13);
	page_step(PAGE_KEYBOARD, &c, &f, buf, sizeof(buf));
	assert_string_equal(buf, "Step 1 of 13");
	page_step(PAGE_DONE, &c, &f, buf, sizeof(buf));
	assert_string_equal(buf, "Step 13 of 13");
}

static void test_upgrade_asks_little(void **state)
{
	(void)state;
	for (c.action = ACT_UPGRADE; c.action <= ACT_RESTORE; c.action++) {
		f.disk[0].installed = true;
		f.disk[1].installed = false;
		check_walk(6);
		assert_false(page_needed(PAGE_DISK, &c, &f));
		f.disk[1].installed = true;
		check_walk(7);
		assert_true(page_needed(PAGE_TARGET, &c, &f));
	}
}

static void test_failure_leads_to_summary(void **state)
{
	(void)state;
	assert_int_equal(page_before(PAGE_PROGRESS, &c, &f), PAGE_SUMMARY);
}

/* --- presets -------------------------------------------------------------- */

static void test_preset_takes_the_card_with_a_link(void **state)
{
	(void)state;
	assert_false(c.nic[0]);
	assert_true(c.nic[1]);
	assert_int_equal(choices_nics(&c, &f), 1);
	assert_int_equal(choices_disks(&c, &f), 0);
	assert_false(c.keep_network);
}

static void test_preset_without_links_and_cards(void **state)
{
	(void)state;
	f.nic[1].link = f.nic[2].link = false;
	choices_preset(&c, &f);
	assert_true(c.nic[0]);
	f.nnics = 0;
	choices_preset(&c, &f);
	assert_true(c.keep_network);
	assert_false(network_wrong(&c, &f, why, sizeof(why)));
}

static void test_preset_takes_along_what_is_there(void **state)
{
	(void)state;
	f.live.vms = 2;
	f.live.network = true;
	choices_preset(&c, &f);
	assert_true(c.along_vms && c.along_network && c.keep_network);
	assert_false(c.along_settings || c.along_keys);
}

/* --- what is wrong -------------------------------------------------------- */

static void test_disks(void **state)
{
	(void)state;
	assert_true(disks_wrong(&c, &f, why, sizeof(why)));
	assert_non_null(strstr(why, "No disk"));
	c.disk[0] = true;
	assert_false(disks_wrong(&c, &f, why, sizeof(why)));
	assert_true(choices_erases(&c, &f));
	c.disk[1] = true;
	assert_false(disks_wrong(&c, &f, why, sizeof(why)));
	c.disk[2] = true;
	assert_true(disks_wrong(&c, &f, why, sizeof(why)));
	assert_non_null(strstr(why, "/dev/sdb cannot be chosen: it is in use"));
	f.disk[2].why_not[0] = '\0';
	assert_true(disks_wrong(&c, &f, why, sizeof(why)));
	assert_non_null(strstr(why, "3 disks"));
	c.disk[0] = c.disk[1] = false;
	f.disk[2].size = 500000000;
	assert_true(disks_wrong(&c, &f, why, sizeof(why)));
	assert_non_null(strstr(why, "500 MB"));
	assert_false(choices_erases(&c, &f));
}

static void test_storage(void **state)
{
	(void)state;
	c.disk[1] = true;
	assert_false(storage_wrong(&c, &f, why, sizeof(why)));
	c.storage_disk[1] = true;
	assert_true(storage_wrong(&c, &f, why, sizeof(why)));
	c.storage_disk[1] = false;
	c.storage_disk[2] = true;
	assert_true(storage_wrong(&c, &f, why, sizeof(why)));
	f.disk[2].why_not[0] = '\0';
	assert_false(storage_wrong(&c, &f, why, sizeof(why)));
	c.storage_disk[0] = true;
	assert_true(storage_wrong(&c, &f, why, sizeof(why)));
	c.storage_disk[2] = false;
	assert_false(storage_wrong(&c, &f, why, sizeof(why)));
	assert_true(choices_erases(&c, &f));
}

static bool ip4_good(const char *address, const char *gateway)
{
	c.ip4 = IP_STATIC;
	snprintf(c.addr4, sizeof(c.addr4), "%s", address);
	snprintf(c.gateway4, sizeof(c.gateway4), "%s", gateway);
	return !network_wrong(&c, &f, why, sizeof(why));
}

static void test_ipv4(void **state)
{
	static const char *const bad[] = {
		"", "192.0.2.10", "192.0.2.10/", "192.0.2.10/33", "192.0.2.10/0",
		"192.0.2.256/24", "192.0.2/24", "192.0.2.10/24/1", "x/24",
		"192.0.2.10/+24", "192.0.2.10/ 24", "2001:db8::1/64",
		"192.0.2.10/24                                            ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ip4_good(bad[i], ""));
	assert_true(ip4_good("192.0.2.10/24", ""));
	assert_true(ip4_good("192.0.2.10/24", "192.0.2.1"));
	assert_false(ip4_good("192.0.2.10/24", "192.0.3.1"));
	assert_non_null(strstr(why, "does not lie in the network"));
	assert_false(ip4_good("192.0.2.10/24", "192.0.2.1/24"));
	assert_true(ip4_good("10.1.2.3/8", "10.200.0.1"));
	assert_true(ip4_good("10.1.2.3/32", "10.1.2.3"));
}

static void test_ipv6(void **state)
{
	(void)state;
	c.ip6 = IP_STATIC;
	strcpy(c.addr6, "2001:db8::10/64");
	assert_false(network_wrong(&c, &f, why, sizeof(why)));
	strcpy(c.gateway6, "fe80::1");
	assert_false(network_wrong(&c, &f, why, sizeof(why)));
	strcpy(c.gateway6, "192.0.2.1");
	assert_true(network_wrong(&c, &f, why, sizeof(why)));
	c.gateway6[0] = '\0';
	strcpy(c.addr6, "2001:db8::10/129");
	assert_true(network_wrong(&c, &f, why, sizeof(why)));
}

static void test_vlan(void **state)
{
	static const char *const bad[] = { "0", "4095", "-1", "x", "12x", " 5",
					   "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(c.vlan, bad[i]);
		assert_true(network_wrong(&c, &f, why, sizeof(why)));
	}
	strcpy(c.vlan, "4094");
	assert_false(network_wrong(&c, &f, why, sizeof(why)));
}

static bool host_good(const char *name)
{
	snprintf(c.hostname, sizeof(c.hostname), "%s", name);
	return !host_wrong(&c, why, sizeof(why));
}

static void test_host_names(void **state)
{
	char label[65];

	(void)state;
	assert_true(host_good("rack7-host3.example.org"));
	assert_true(host_good("3com"));
	assert_false(host_good(""));
	assert_false(host_good("-a"));
	assert_false(host_good("a-"));
	assert_false(host_good("a..b"));
	assert_false(host_good("a-.b"));
	assert_false(host_good("a.-b"));
	assert_false(host_good(".a"));
	assert_false(host_good("a_b"));
	assert_false(host_good("a b"));
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_false(host_good(label));
	assert_true(host_good(label + 1));
}

static void test_servers_and_zones(void **state)
{
	(void)state;
	strcpy(c.dns, "192.0.2.53, 2001:db8::53");
	strcpy(c.ntp, "pool.example.org 192.0.2.1");
	assert_false(host_wrong(&c, why, sizeof(why)));
	strcpy(c.dns, "192.0.2.53 dns.example.org");
	assert_true(host_wrong(&c, why, sizeof(why)));
	assert_non_null(strstr(why, "'dns.example.org'"));
	c.dns[0] = '\0';
	strcpy(c.ntp, "bad_name");
	assert_true(host_wrong(&c, why, sizeof(why)));
	c.ntp[0] = '\0';
	strcpy(c.timezone, "../../etc/passwd");
	assert_true(host_wrong(&c, why, sizeof(why)));
	strcpy(c.timezone, "America/Argentina/Buenos_Aires");
	assert_false(host_wrong(&c, why, sizeof(why)));
}

static void test_passwords_and_keys(void **state)
{
	(void)state;
	assert_false(access_wrong(&c, "", why, sizeof(why)));
	strcpy(c.password, "longenough");
	assert_true(access_wrong(&c, "longenough2", why, sizeof(why)));
	assert_false(access_wrong(&c, "longenough", why, sizeof(why)));
	strcpy(c.password, "short");
	assert_true(access_wrong(&c, "short", why, sizeof(why)));
	c.password[0] = '\0';
	strcpy(c.ssh_key, "ssh-ed25519 AAAA me@there");
	assert_false(access_wrong(&c, "", why, sizeof(why)));
	strcpy(c.ssh_key, "-----BEGIN OPENSSH PRIVATE KEY-----");
	assert_true(access_wrong(&c, "", why, sizeof(why)));
	strcpy(c.ssh_key, "ssh-ed25519");
	assert_true(access_wrong(&c, "", why, sizeof(why)));
}

static bool memory_good(const char *text)
{
	strcpy(c.dom0_memory, text);
	return !memory_wrong(&c, why, sizeof(why));
}

static void test_memory(void **state)
{
	(void)state;
	assert_true(memory_good("auto"));
	assert_true(memory_good("128M"));
	assert_true(memory_good("2G"));
	assert_false(memory_good("127M"));
	assert_false(memory_good("0G"));
	assert_false(memory_good("2"));
	assert_false(memory_good("2T"));
	assert_false(memory_good("-2G"));
	assert_false(memory_good(""));
}

/* --- texts ---------------------------------------------------------------- */

static const char *network(void)
{
	network_text(&c, &f, "net.", buf, sizeof(buf));
	return buf;
}

static void test_network_text(void **state)
{
	(void)state;
	assert_string_equal(network(), "net.bridge = xenbr0 ports=eth1 ipv4=dhcp "
			    "ipv6=auto\n");
	strcpy(c.dns, "192.0.2.53 192.0.2.54");
	assert_true(ip4_good("192.0.2.10/24", "192.0.2.1"));
	c.ip6 = IP_NONE;
	c.private_vms = true;
	assert_string_equal(network(), "net.nic = eth1 ipv4=192.0.2.10/24 "
			    "gateway4=192.0.2.1\n"
			    "net.bridge = xenbr0 ports=none "
			    "ipv4=192.168.123.1/24 nat=yes "
			    "dhcp=192.168.123.10-192.168.123.250\n"
			    "net.dns = 192.0.2.53\nnet.dns = 192.0.2.54\n");
}

static void test_network_text_bond_and_vlan(void **state)
{
	(void)state;
	c.nic[2] = true;
	c.bond = BOND_LACP;
	c.ip6 = IP_NONE;
	strcpy(c.vlan, "20");
	assert_string_equal(network(),
			    "net.bond = bond0 ports=eth1,eth2 mode=802.3ad\n"
			    "net.vlan = bond0.20 on=bond0 id=20\n"
			    "net.bridge = xenbr0 ports=bond0.20 ipv4=dhcp\n");
	c.vlan[0] = '\0';
	c.bond = BOND_BACKUP;
	c.private_vms = true;
	assert_non_null(strstr(network(), "net.bond = bond0 ports=eth1,eth2 "
			       "mode=active-backup ipv4=dhcp\n"));
	c.keep_network = true;
	assert_string_equal(network(), "");
}

static void test_answers(void **state)
{
	(void)state;
	c.disk[0] = c.disk[1] = true;
	strcpy(c.password, "secret stuff");
	strcpy(c.ntp, "ntp1.example.org,ntp2.example.org");
	c.along_vms = c.along_keys = true;
	c.end = FINISH_POWEROFF;
	assert_int_equal(answers_text(&c, &f, true, buf, sizeof(buf)), 0);
	assert_non_null(strstr(buf, "\ndisk = /dev/nvme0n1\n"));
	assert_non_null(strstr(buf, "\ndisk = /dev/sda\n"));
	assert_non_null(strstr(buf, "\nraid = raid1\nexisting = wipe\n"));
	assert_non_null(strstr(buf, "\nntp = ntp1.example.org\n"
			       "ntp = ntp2.example.org\n"));
	assert_non_null(strstr(buf, "\ntake_along = vms keys\n"));
	assert_non_null(strstr(buf, "\nroot_password_hash = $6$"));
	assert_non_null(strstr(buf, "\noperator_password_hash = $6$"));
	assert_null(strstr(buf, "secret"));
	assert_non_null(strstr(buf, "\nend = poweroff\n"));
	assert_int_equal(answers_text(&c, &f, false, buf, sizeof(buf)), 0);
	assert_non_null(strstr(buf, "\nend = stop\n"));
	assert_true(answers_text(&c, &f, false, buf, 64) < 0);
}

static void test_answers_of_an_upgrade(void **state)
{
	(void)state;
	c.action = ACT_UPGRADE;
	assert_int_equal(answers_text(&c, &f, false, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "# Made by the installer's screens.\n"
			    "action = upgrade\nend = stop\n");
}

static void test_summary_names_what_is_lost(void **state)
{
	(void)state;
	c.disk[0] = true;
	c.storage_disk[1] = true;
	summary_text(&c, &f, buf, sizeof(buf));
	assert_non_null(strstr(buf, "erase /dev/nvme0n1, 1.8 TB, Model: holds "
			       "LVM 'data'\n"));
	assert_non_null(strstr(buf, "erase /dev/sda, 500 GB, Model: empty\n"));
	assert_null(strstr(buf, "sdb"));
	assert_non_null(strstr(buf, "WITHOUT a password"));
}

static void test_summary_names_the_installation(void **state)
{
	(void)state;
	c.action = ACT_UPGRADE;
	f.disk[1].installed = true;
	summary_text(&c, &f, buf, sizeof(buf));
	assert_int_equal(strncmp(buf, "/dev/sda, 500 GB", 16), 0);
	f.disk[0].installed = true;
	c.disk[0] = true;
	summary_text(&c, &f, buf, sizeof(buf));
	assert_int_equal(strncmp(buf, "/dev/nvme0n1", 12), 0);
	assert_null(strstr(buf, "sda"));
}

static void test_sizes(void **state)
{
	char n[16];

	(void)state;
	assert_string_equal(facts_size(1800000000000, n), "1.8 TB");
	assert_string_equal(facts_size(999999999999, n), "1.0 TB");
	assert_string_equal(facts_size(64000000000, n), "64 GB");
	assert_string_equal(facts_size(512, n), "0.5 kB");
}

static void test_wrap(void **state)
{
	struct text t = text_in(buf, sizeof(buf));

	(void)state;
	text_add(&t, "ok  ");
	text_wrap(&t, 4, 14, "one two three four");
	assert_string_equal(buf, "ok  one two\n    three four");
	t = text_in(buf, 8);
	text_wrap(&t, 0, 80, "longer than eight");
	assert_true(t.cut);
	assert_string_equal(buf, "longer ");
}

/* --- hardware check ------------------------------------------------------- */

static void test_good_machine(void **state)
{
	struct verdict v[VERDICTS];

	(void)state;
	assert_true(verdicts(&f, v) <= LEVEL_NOTE);
}

static void test_bad_machines(void **state)
{
	struct verdict v[VERDICTS];

	(void)state;
	f.virt = VIRT_NONE;
	assert_int_equal(verdicts(&f, v), LEVEL_STOP);
	assert_non_null(strstr(v[1].words, "SVM"));
	f.virt = VIRT_THERE;
	assert_int_equal(verdicts(&f, v), LEVEL_WARN);
	f.virt = VIRT_USED;
	f.nnics = 0;
	assert_int_equal(verdicts(&f, v), LEVEL_WARN);
	f.memory_mib = 256;
	f.nnics = 1;
	assert_int_equal(verdicts(&f, v), LEVEL_WARN);
	f.memory_mib = 1024;
	assert_int_equal(verdicts(&f, v), LEVEL_NOTE);
	strcpy(f.disk[0].why_not, "it is in use");
	strcpy(f.disk[1].why_not, "it is read-only");
	assert_int_equal(verdicts(&f, v), LEVEL_STOP);
	f.disk[0].installed = true;
	assert_int_equal(verdicts(&f, v), LEVEL_NOTE);
	f.ndisks = 0;
	assert_int_equal(verdicts(&f, v), LEVEL_STOP);
	assert_non_null(strstr(v[5].words, "none found: check the cables"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_install_has_twelve_pages, start),
		cmocka_unit_test_setup(test_upgrade_asks_little, start),
		cmocka_unit_test_setup(test_failure_leads_to_summary, start),
		cmocka_unit_test_setup(test_preset_takes_the_card_with_a_link,
				       start),
		cmocka_unit_test_setup(test_preset_without_links_and_cards,
				       start),
		cmocka_unit_test_setup(test_preset_takes_along_what_is_there,
				       start),
		cmocka_unit_test_setup(test_disks, start),
		cmocka_unit_test_setup(test_storage, start),
		cmocka_unit_test_setup(test_ipv4, start),
		cmocka_unit_test_setup(test_ipv6, start),
		cmocka_unit_test_setup(test_vlan, start),
		cmocka_unit_test_setup(test_host_names, start),
		cmocka_unit_test_setup(test_servers_and_zones, start),
		cmocka_unit_test_setup(test_passwords_and_keys, start),
		cmocka_unit_test_setup(test_memory, start),
		cmocka_unit_test_setup(test_network_text, start),
		cmocka_unit_test_setup(test_network_text_bond_and_vlan, start),
		cmocka_unit_test_setup(test_answers, start),
		cmocka_unit_test_setup(test_answers_of_an_upgrade, start),
		cmocka_unit_test_setup(test_summary_names_what_is_lost, start),
		cmocka_unit_test_setup(test_summary_names_the_installation, start),
		cmocka_unit_test_setup(test_sizes, start),
		cmocka_unit_test_setup(test_wrap, start),
		cmocka_unit_test_setup(test_good_machine, start),
		cmocka_unit_test_setup(test_bad_machines, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
