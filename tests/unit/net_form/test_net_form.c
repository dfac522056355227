/*
 * The console's fields for an interface: to and from network.conf, with what
 * becomes of the other interfaces.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/net_form.h"

static const char start[] = "nic = eth0 ipv4=dhcp ipv6=auto\n"
			    "nic = eth1 mac=52:54:00:12:34:56 ipv4=192.0.2.10/24 "
			    "gateway4=192.0.2.1 mtu=9000\n"
			    "bridge = xenbr0 ipv4=192.168.123.1/24 nat=yes "
			    "dhcp=192.168.123.10-192.168.123.99\n"
			    "dns = 192.0.2.53\n";

static struct net_config parsed(const char *text)
{
	struct net_config c;
	struct conf_error err;

	if (net_parse(&c, text, strlen(text), "t", &err))
		fail_msg("%s", err.text);
	return c;
}

static void expect(const struct net_config *c, const char *text)
{
	char *got = net_text(c);

	assert_string_equal(got, text);
	free(got);
}

static void test_there_and_back(void **state)
{
	struct net_config c = parsed(start), out;
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < c.nlinks; i++) {
		struct net_form f;

		net_form_from(&f, &c.links[i]);
		assert_int_equal(net_form_put(&f, c.links[i].name, &c, &out, &err), 0);
		expect(&out, start);
		net_free(&out);
	}
	net_free(&c);
}

static void test_card_becomes_port(void **state)
{
	struct net_config c = parsed(start), out;
	struct conf_error err;
	struct net_form f;

	(void)state;
	net_find(&c, "eth1")->has_mac = false;
	net_form_from(&f, net_find(&c, "xenbr0"));
	strcpy(f.ports, " eth0 , eth1");
	f.ipv4 = NET4_DHCP;
	f.nat = false;
	f.first[0] = f.last[0] = '\0';
	assert_int_equal(net_form_put(&f, "xenbr0", &c, &out, &err), 0);
	expect(&out, "bridge = xenbr0 ports=eth0,eth1 ipv4=dhcp\ndns = 192.0.2.53\n");
	net_free(&out);
	net_free(&c);
}

static void test_new_vlan_and_its_removal(void **state)
{
	struct net_config c = parsed(start), out, less;
	struct net_form f = { .kind = NET_VLAN, .name = "vlan20", .on = "eth1", .id = "20",
			      .ipv4 = NET4_STATIC, .addr4 = "198.51.100.2/24" };
	struct conf_error err;

	(void)state;
	assert_int_equal(net_form_put(&f, NULL, &c, &out, &err), 0);
	assert_int_equal(out.nlinks, 4);
	assert_int_equal(net_find(&out, "vlan20")->vlan, 20);
	assert_int_equal(net_form_without("eth1", &out, &less, &err), -EBUSY);
	assert_non_null(strstr(err.text, "vlan20 lies on eth1"));
	assert_int_equal(net_form_without("vlan20", &out, &less, &err), 0);
	expect(&less, start);
	net_free(&less);
	net_free(&out);
	net_free(&c);
}

static void test_refused_in_words(void **state)
{
	struct net_config c = parsed(start), out;
	struct conf_error err;
	struct net_form f;

	(void)state;
	net_form_from(&f, net_find(&c, "eth1"));
	strcpy(f.gateway4, "192.0.3.1");
	assert_int_equal(net_form_put(&f, "eth1", &c, &out, &err), -EINVAL);
	assert_int_equal(strncmp(err.text, "eth1: gateway4 is not", 21), 0);
	strcpy(f.gateway4, "192.0.2.1 mtu=1");
	assert_int_equal(net_form_put(&f, "eth1", &c, &out, &err), -EINVAL);
	assert_non_null(strstr(err.text, "blank"));
	f = (struct net_form){ .kind = NET_BOND, .name = "bond0" };
	assert_int_equal(net_form_put(&f, NULL, &c, &out, &err), -EINVAL);
	assert_non_null(strstr(err.text, "needs ports"));
	net_free(&c);
}

static void test_names(void **state)
{
	struct net_config c = parsed("dns = 192.0.2.53\n"), out;
	struct conf_error err;

	(void)state;
	assert_int_equal(net_form_names("192.0.2.1, 2001:db8::1", "example.org", &c, &out,
					&err), 0);
	expect(&out, "dns = 192.0.2.1\ndns = 2001:db8::1\nsearch = example.org\n");
	net_free(&out);
	assert_int_equal(net_form_names("", "", &c, &out, &err), 0);
	expect(&out, "");
	net_free(&out);
	assert_int_equal(net_form_names("example.org", "", &c, &out, &err), -EINVAL);
	net_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_card_becomes_port),
		cmocka_unit_test(test_new_vlan_and_its_removal),
		cmocka_unit_test(test_refused_in_words),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
