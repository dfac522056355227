/*
 * Applying a network to a real kernel, in a network namespace of one's own, with
 * bridges and veth pairs (bonds and VLANs are tested on the ISO). Skipped where
 * namespaces may not be made.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libnet/net.h"

#define SAVED "/state/etc/network.conf"

static char root[] = "/tmp/libnet.XXXXXX";
static bool possible;

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

static int map_self(void)
{
	char text[64];
	unsigned int uid = getuid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -1;
	snprintf(text, sizeof(text), "0 %u 1", uid);
	/* Not atomically: these files are the kernel's. */
	for (int i = 0; i < 2; i++) {
		static const char *const files[] = {"/proc/self/setgroups",
						    "/proc/self/uid_map"};
		static const char *words[] = {"deny", NULL};
		const char *word = words[i] ? words[i] : text;
		int fd = open(files[i], O_WRONLY);

		if (fd < 0 || write(fd, word, strlen(word)) < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static int make(void **state)
{
	(void)state;
	possible = !map_self() &&
		   !system("ip link add name left0 type veth peer name left1 && "
			   "ip link add name right0 type veth peer name right1 && "
			   "ip link set left1 up && ip link set right1 up");
	if (!mkdtemp(root) || dir_make(at("/state/etc"), 0755) ||
	    dir_make(at("/etc/basalt"), 0755))
		return -1;
	put("/etc/basalt/network.conf", "");
	return 0;
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void apply(const char *text)
{
	struct conf_error err;

	put(SAVED, text);
	if (net_apply(root, NULL, 0, &err))
		fail_msg("%s", err.text);
}

static bool has(const struct net_status *s, const char *name, const char *address)
{
	const struct net_port *p = net_status_find(s, name);

	for (size_t i = 0; p && i < p->naddrs; i++)
		if (!strcmp(p->addrs[i], address))
			return true;
	return false;
}

static struct net_status look(void)
{
	struct conf_error err;
	struct net_status s;

	if (net_status(&s, root, &err))
		fail_msg("%s", err.text);
	return s;
}

static void test_bridge_comes_changes_goes(void **state)
{
	struct net_status s;
	int index;

	(void)state;
	if (!possible)
		skip();
	apply("bridge = br0 ports=left0 ipv4=192.0.2.10/24 gateway4=192.0.2.1 "
	      "ipv6=2001:db8::10/64\ndns = 192.0.2.53\n");
	s = look();
	assert_true(has(&s, "br0", "192.0.2.10/24"));
	assert_true(has(&s, "br0", "2001:db8::10/64"));
	assert_string_equal(net_status_find(&s, "left0")->master, "br0");
	assert_string_equal(s.gateway4, "192.0.2.1");
	assert_string_equal(s.dns[0], "192.0.2.53");
	index = net_status_find(&s, "br0")->index;
	net_status_free(&s);

	/* Another address, gateway and port: the bridge stays, VMs stay in it. */
	apply("bridge = br0 ports=right0 ipv4=192.0.2.11/24 gateway4=192.0.2.2\n");
	s = look();
	assert_int_equal(net_status_find(&s, "br0")->index, index);
	assert_false(has(&s, "br0", "192.0.2.10/24"));
	assert_true(has(&s, "br0", "192.0.2.11/24"));
	assert_string_equal(net_status_find(&s, "left0")->master, "");
	assert_string_equal(net_status_find(&s, "right0")->master, "br0");
	assert_string_equal(s.gateway4, "192.0.2.2");
	assert_int_equal(s.ndns, 0);
	net_status_free(&s);

	/* The address goes to the card, the bridge goes. */
	apply("nic = right0 ipv4=192.0.2.11/24\n");
	s = look();
	assert_null(net_status_find(&s, "br0"));
	assert_true(has(&s, "right0", "192.0.2.11/24"));
	assert_string_equal(s.gateway4, "");
	net_status_free(&s);

	apply("");
	s = look();
	assert_false(has(&s, "right0", "192.0.2.11/24"));
	net_status_free(&s);
}

static void test_repeating_changes_nothing(void **state)
{
	struct net_status s;

	(void)state;
	if (!possible)
		skip();
	for (int i = 0; i < 3; i++)
		apply("bridge = br0 ports=left0 ipv4=192.0.2.10/24\n");
	s = look();
	assert_true(has(&s, "br0", "192.0.2.10/24"));
	net_status_free(&s);
}

static void test_what_is_not_there_comes_later(void **state)
{
	char missing[64] = "";
	struct conf_error err;
	struct net_status s;

	(void)state;
	if (!possible)
		skip();
	put(SAVED, "bridge = br0 ports=late0 ipv4=192.0.2.10/24\n");
	assert_int_equal(net_apply(root, missing, sizeof(missing), &err), 0);
	assert_string_equal(missing, "late0");
	assert_int_equal(system("ip link add name late0 type veth peer name late1"), 0);
	assert_int_equal(net_apply(root, missing, sizeof(missing), &err), 0);
	assert_string_equal(missing, "");
	s = look();
	assert_string_equal(net_status_find(&s, "late0")->master, "br0");
	net_status_free(&s);
	assert_int_equal(system("ip link del late0"), 0);
}

static void try(const char *text, int result)
{
	struct net_config c;
	struct conf_error err = {0};

	assert_int_equal(net_parse(&c, text, strlen(text), NULL, &err), 0);
	if (net_try(&c, NET_TRIAL_S, root, &err) != result)
		fail_msg("%s", err.text);
	net_free(&c);
}

static void test_trial(void **state)
{
	struct net_status s;
	char *text;

	(void)state;
	if (!possible)
		skip();
	apply("nic = left0 ipv4=192.0.2.10/24\n");
	assert_int_equal(net_trial_left(root), -1);
	assert_int_equal(net_confirm(root, NULL), -ENOENT);
	assert_int_equal(net_revert(root, NULL), -ENOENT);

	try("nic = left0 ipv4=192.0.2.20/24\n", 0);
	assert_in_range(net_trial_left(root), 1, NET_TRIAL_S);
	s = look();
	assert_true(has(&s, "left0", "192.0.2.20/24"));
	net_status_free(&s);
	assert_int_equal(net_revert(root, NULL), 0);
	assert_int_equal(net_trial_left(root), -1);
	s = look();
	assert_true(has(&s, "left0", "192.0.2.10/24"));
	assert_false(has(&s, "left0", "192.0.2.20/24"));
	net_status_free(&s);

	try("nic = left0 ipv4=192.0.2.30/24\n", 0);
	assert_int_equal(net_confirm(root, NULL), 0);
	assert_int_equal(net_trial_left(root), -1);
	assert_int_equal(file_read(at(SAVED), 4096, &text, NULL), 0);
	assert_string_equal(text, "nic = left0 ipv4=192.0.2.30/24\n");
	free(text);
}

/* A trial with a wrong card, or one that the kernel refuses, leaves no trace. */
static void test_bad_trial(void **state)
{
	struct net_status s;

	(void)state;
	if (!possible)
		skip();
	apply("nic = left0 ipv4=192.0.2.10/24\n");
	try("nic = eht0 ipv4=192.0.2.20/24\n", -ENODEV);
	try("nic = left0 ipv4=192.0.2.20/24 mtu=9000\nbridge = right0\n", -EEXIST);
	assert_int_equal(net_trial_left(root), -1);
	s = look();
	assert_true(has(&s, "left0", "192.0.2.10/24"));
	assert_false(has(&s, "left0", "192.0.2.20/24"));
	net_status_free(&s);
}

static void test_lease(void **state)
{
	const struct net_lease lease = {"198.51.100.7", "255.255.255.0", "198.51.100.1",
					"198.51.100.53 bad;word 198.51.100.54",
					"example.org"};
	struct conf_error err;
	struct net_status s;

	(void)state;
	if (!possible)
		skip();
	apply("nic = left0 ipv4=dhcp\n");
	if (net_lease_take("left0", &lease, root, &err))
		fail_msg("%s", err.text);
	s = look();
	assert_true(has(&s, "left0", "198.51.100.7/24"));
	assert_string_equal(s.gateway4, "198.51.100.1");
	assert_int_equal(s.ndns, 2);
	net_status_free(&s);
	/* Applying again keeps it. */
	apply("nic = left0 ipv4=dhcp\n");
	s = look();
	assert_true(has(&s, "left0", "198.51.100.7/24"));
	assert_string_equal(s.gateway4, "198.51.100.1");
	net_status_free(&s);
	/* Back from another one, only what was leased may be there. */
	assert_int_equal(system("ip addr add 192.0.2.99/24 dev left0"), 0);
	apply("nic = left0 ipv4=dhcp\n");
	s = look();
	assert_false(has(&s, "left0", "192.0.2.99/24"));
	assert_true(has(&s, "left0", "198.51.100.7/24"));
	net_status_free(&s);
	/* A fixed address takes its place, and its servers go. */
	apply("nic = left0 ipv4=198.51.100.8/24\n");
	s = look();
	assert_false(has(&s, "left0", "198.51.100.7/24"));
	assert_string_equal(s.gateway4, "");
	assert_int_equal(s.ndns, 0);
	net_status_free(&s);
}

static void test_damaged_file(void **state)
{
	struct conf_error err;
	struct net_status s;

	(void)state;
	if (!possible)
		skip();
	apply("nic = left0 ipv4=192.0.2.10/24\n");
	put(SAVED, "nic = left0 ipv4=\n");
	assert_int_equal(net_apply(root, NULL, 0, &err), -EINVAL);
	s = look();
	assert_true(has(&s, "left0", "192.0.2.10/24"));
	net_status_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge_comes_changes_goes),
		cmocka_unit_test(test_repeating_changes_nothing),
		cmocka_unit_test(test_what_is_not_there_comes_later),
		cmocka_unit_test(test_trial),
		cmocka_unit_test(test_bad_trial),
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_damaged_file),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
