/*
 * network.conf: what is read is what was written; what makes no sense is refused
 * with its line and in words.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libnet/net.h"

static int parse(struct net_config *c, const char *text, struct conf_error *err)
{
	return net_parse(c, text, strlen(text), "t", err);
}

static void test_everything(void **state)
{
	const char text[] =
		"nic = eth9 mac=52:54:00:ab:cd:ef ipv4=dhcp ipv6=auto mtu=9000\n"
		"bond = bond0 ports=eth0,eth1 mode=802.3ad\n"
		"vlan = bond0.20 on=bond0 id=20\n"
		"bridge = xenbr0 ports=bond0.20 ipv4=192.0.2.10/24 gateway4=192.0.2.1 "
		"ipv6=2001:db8::10/64 gateway6=fe80::1\n"
		"bridge = private0 ipv4=192.168.123.1/24 nat=yes "
		"dhcp=192.168.123.10-192.168.123.254\n"
		"dns = 192.0.2.53\n"
		"dns = 2001:db8::53\n"
		"search = example.org\n";
	struct net_config c;
	struct conf_error err;
	char *back;

	(void)state;
	if (parse(&c, text, &err))
		fail_msg("%s", err.text);
	assert_int_equal(c.nlinks, 5);
	assert_int_equal(net_find(&c, "bond0")->mode, NET_8023AD);
	assert_ptr_equal(net_master(&c, "eth1"), net_find(&c, "bond0"));
	assert_int_equal(net_find(&c, "bond0.20")->vlan, 20);
	assert_int_equal(net_find(&c, "xenbr0")->prefix4, 24);
	assert_int_equal(ntohl(net_find(&c, "xenbr0")->gateway4.s_addr), 0xc0000201);
	assert_true(net_find(&c, "private0")->nat);
	assert_int_equal(net_find(&c, "eth9")->mac[5], 0xef);
	assert_int_equal(c.ndns, 2);
	back = net_text(&c);
	assert_string_equal(back, text);
	free(back);
	net_free(&c);
}

static void test_made_by_a_program(void **state)
{
	struct net_config c = {0};
	struct conf_error err;
	struct net_link *l = net_add(&c, NET_VLAN, "v");
	char line[128];

	(void)state;
	strcpy(l->on, "eth0");
	assert_int_equal(net_check(&c, NULL, &err), -EINVAL);
	l->vlan = 7;
	assert_int_equal(net_check(&c, NULL, &err), 0);
	net_link_text(l, line, sizeof(line));
	assert_string_equal(line, "v on=eth0 id=7");
	net_remove(&c, l);
	assert_int_equal(c.nlinks, 0);
	net_free(&c);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"card = eth0", "no such key"},
		{"nic = eth0 ipv4=dhcp ipv4=none", "given twice"},
		{"nic = eth0 dhcp", "word=value"},
		{"nic = eth0 ports=eth1", "a nic has no 'ports'"},
		{"nic = averyveryverylongname", "a name is 1 to 15"},
		{"nic = lo", "taken"},
		{"bridge = vif1.0", "taken"},
		{"bridge = any", "stands for a card"},
		{"nic = eth0\nbridge = eth0", "line 2: eth0: it is there twice"},
		{"nic = eth0 ipv4=192.0.2.10", "as 192.0.2.10/24"},
		{"nic = eth0 ipv4=192.0.2.0/24", "can have"},
		{"nic = eth0 ipv4=192.0.2.255/24", "can have"},
		{"nic = eth0 ipv4=127.0.0.1/8", "can have"},
		{"nic = eth0 ipv4=224.0.0.1/8", "can have"},
		{"nic = eth0 ipv4=192.0.2.10/33", "ipv4="},
		{"nic = eth0 ipv4=192.0.2.10/24 gateway4=192.0.3.1", "not in the network"},
		{"nic = eth0 ipv4=192.0.2.10/24 gateway4=192.0.2.10", "own address"},
		{"nic = eth0 ipv4=dhcp gateway4=192.0.2.1", "without a fixed"},
		{"nic = eth0 ipv6=2001:db8::/129", "ipv6="},
		{"nic = eth0 ipv6=ff02::1/64", "can have"},
		{"nic = a ipv4=192.0.2.1/24\nnic = b ipv4=192.0.2.1/24", "that of a"},
		{"nic = a ipv4=192.0.2.1/24 gateway4=192.0.2.2\n"
		 "nic = b ipv4=192.0.3.1/24 gateway4=192.0.3.2", "one default"},
		{"nic = eth0 mac=52:54:00:12:34", "mac="},
		{"nic = eth0 mac=ff:ff:ff:ff:ff:ff", "mac="},
		{"nic = eth0 mtu=100", "mtu="},
		{"bond = bond0", "needs ports"},
		{"bond = bond0 ports=a,b mode=balance-rr", "mode="},
		{"bond = bond0 ports=a,a", "named twice"},
		{"bond = bond0 ports=a\nbond = bond1 ports=a", "a port of bond0"},
		{"bond = bond0 ports=br0\nbridge = br0", "made of cards"},
		{"vlan = v on=eth0", "needs on=NAME and id"},
		{"vlan = v on=eth0 id=0", "id="},
		{"vlan = v on=eth0 id=4095", "id="},
		{"vlan = v on=eth0 id=5\nvlan = w on=eth0 id=5", "is v already"},
		{"vlan = v on=eth0 id=5\nvlan = w on=v id=6", "a vlan itself"},
		{"vlan = v on=br0 id=5\nbridge = br0 ports=v", "lies on br0 itself"},
		{"bridge = br0 ports=br0", "its own port"},
		{"bridge = br0 ports=any", "name one"},
		{"nic = eth0 ipv4=dhcp\nbridge = br0 ports=eth0", "has an address"},
		{"bridge = br0 nat=yes", "fixed ipv4"},
		{"bridge = br0 ipv4=192.0.2.1/24 dhcp=192.0.2.9-192.0.2.2", "lowest"},
		{"bridge = br0 ipv4=192.0.2.1/24 dhcp=192.0.3.2-192.0.3.9", "own network"},
		{"bridge = br0 ipv4=192.0.2.5/24 dhcp=192.0.2.2-192.0.2.9", "among them"},
		{"dns = example.org", "its address"},
		{"search = a b", "give a name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct conf_error err = {0};
		struct net_config c;

		if (!parse(&c, bad[i].text, &err))
			fail_msg("taken: %s", bad[i].text);
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: %s", bad[i].text, err.text);
		assert_true(err.line > 0);
		assert_int_equal(c.nlinks, 0);
	}
}

static void test_too_many(void **state)
{
	struct net_config c;
	struct conf_error err;
	char *text = calloc(1, 32 * (NET_LINKS + 2));
	size_t used = 0;

	(void)state;
	for (int i = 0; i < NET_LINKS; i++)
		used += (size_t)sprintf(text + used, "nic = e%d\n", i);
	assert_int_equal(parse(&c, text, &err), 0);
	net_free(&c);
	sprintf(text + used, "nic = more\n");
	assert_int_equal(parse(&c, text, &err), -E2BIG);
	free(text);
}

/* Words in any order and mix: no crash, and what is taken can be written again. */
static void test_noise(void **state)
{
	static const char *const words[] = {
		"nic = ", "bond = ", "bridge = ", "vlan = ", "eth0 ", "br0 ", "any ",
		"ports=eth0 ", "ports=eth0,eth1 ", "on=eth0 ", "id=5 ", "ipv4=dhcp ",
		"ipv4=192.0.2.1/24 ", "nat=yes ", "ipv6=auto ", "ipv6=::1/1 ", "mtu=1500 ",
		"\n", "\n", "dns = 192.0.2.1\n", "dhcp=192.0.2.2-192.0.2.3 ", "=", ",",
	};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[512] = "", *first, *second;
		struct net_config c, again;

		for (int i = 0; i < 12; i++) {
			seed = seed * 1664525 + 1013904223;
			strcat(text, words[(seed >> 16) %
					   (sizeof(words) / sizeof(*words))]);
		}
		if (parse(&c, text, NULL))
			continue;
		first = net_text(&c);
		assert_int_equal(parse(&again, first, NULL), 0);
		second = net_text(&again);
		assert_string_equal(first, second);
		free(first);
		free(second);
		net_free(&c);
		net_free(&again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_made_by_a_program),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
