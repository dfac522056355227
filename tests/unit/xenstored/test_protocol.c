/*
 * Every operation as a client sees it, over a socket and over a ring, and
 * what happens to requests that are not as they should be.
 */
#include <unistd.h>

#include "harness.h"

static struct world w;
static struct client dom0, guest;

static int setup(void **state)
{
	(void)state;
	world_open(&w);
	client_ring(&guest, &w, 1);
	client_socket(&dom0, &w);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close(&dom0);
	world_close(&w);
	return 0;
}

static void first_nodes(void **state)
{
	(void)state;
	must_read(&dom0, 0, "/local/domain/0/name", "Domain-0");
	must_read(&dom0, 0, "/local/domain/0/domid", "0");
	must_read(&dom0, 0, "/tool/xenstored", "");
	must_read(&dom0, 0, "/vm", "");
	must_read(&dom0, 0, "name", "Domain-0");
}

static void read_and_write(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/a/b/c", "one"), 0);
	assert_string_equal(dom0.answer, "OK");
	assert_int_equal(dom0.len, 3);
	must_read(&dom0, 0, "/a/b/c", "one");
	must_read(&dom0, 0, "/a/b", "");
	must_read(&dom0, 0, "/a/x", NULL);
	assert_int_equal(ask(&dom0, XS_WRITE, 0, "/a/bin\0\0\1\2", 10), 0);
	assert_int_equal(ask_strings(&dom0, XS_READ, 0, "/a/bin", NULL), 0);
	assert_int_equal(dom0.len, 3);
	assert_memory_equal(dom0.answer, "\0\1\2", 3);
}

static void mkdir_keeps_value(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/m", "kept"), 0);
	assert_int_equal(ask_strings(&dom0, XS_MKDIR, 0, "/m", NULL), 0);
	must_read(&dom0, 0, "/m", "kept");
	assert_int_equal(ask_strings(&dom0, XS_MKDIR, 0, "/n/o", NULL), 0);
	must_read(&dom0, 0, "/n/o", "");
}

static void rm_rules(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/r/a/b", "1"), 0);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/r/a", NULL), 0);
	must_read(&dom0, 0, "/r/a/b", NULL);
	must_read(&dom0, 0, "/r", "");
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/r/a", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/r/a/b", NULL), -ENOENT);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/", NULL), -EINVAL);
}

static void directory(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/d/b", ""), 0);
	assert_int_equal(ask_write(&dom0, 0, "/d/a", ""), 0);
	assert_int_equal(ask_write(&dom0, 0, "/d/abc", ""), 0);
	assert_int_equal(ask_strings(&dom0, XS_DIRECTORY, 0, "/d", NULL), 0);
	assert_int_equal(dom0.len, 8);
	assert_memory_equal(dom0.answer, "a\0abc\0b\0", 8);
	assert_int_equal(ask_strings(&dom0, XS_DIRECTORY, 0, "/d/a", NULL), 0);
	assert_int_equal(dom0.len, 0);
	assert_int_equal(ask_strings(&dom0, XS_DIRECTORY, 0, "/x", NULL), -ENOENT);
}

static void directory_in_parts(void **state)
{
	char name[64], offset[16];
	size_t got = 0, names = 0;

	(void)state;
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "/big/child-number-%04d", i);
		assert_int_equal(ask_write(&dom0, 0, name, ""), 0);
	}
	assert_int_equal(ask_strings(&dom0, XS_DIRECTORY, 0, "/big", NULL), -E2BIG);
	for (bool last = false; !last;) {
		const char *at, *stop;

		snprintf(offset, sizeof(offset), "%zu", got);
		assert_int_equal(
			ask_strings(&dom0, XS_DIRECTORY_PART, 0, "/big", offset, NULL),
			0);
		stop = dom0.answer + dom0.len;
		for (at = dom0.answer + strlen(dom0.answer) + 1; at < stop;
		     at += strlen(at) + 1) {
			if (!*at) {
				last = true;
				assert_ptr_equal(at + 1, stop);
				continue;
			}
			snprintf(name, sizeof(name), "child-number-%04zu", names++);
			assert_string_equal(at, name);
			got += strlen(at) + 1;
		}
	}
	assert_int_equal(names, 600);
	/* Behind the end, and of an empty node: an empty name. */
	assert_int_equal(ask_strings(&dom0, XS_DIRECTORY_PART, 0, "/big", "99999", NULL),
			 0);
	assert_int_equal(dom0.len, strlen(dom0.answer) + 2);
	assert_int_equal(ask_strings(&dom0, XS_DIRECTORY_PART, 0, "/tool", NULL),
			 -EINVAL);
}

static void perms_roundtrip(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/p", ""), 0);
	assert_int_equal(
		ask_strings(&dom0, XS_SET_PERMS, 0, "/p", "n3", "r4", "w5", "b6", NULL),
		0);
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "/p", NULL), 0);
	assert_int_equal(dom0.len, 12);
	assert_memory_equal(dom0.answer, "n3\0r4\0w5\0b6\0", 12);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/p", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/p", "x1", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/p", "r", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/p", "r65536", NULL),
			 -EINVAL);
	assert_int_equal(ask(&dom0, XS_SET_PERMS, 0, "/p\0r1", 5), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/q", "r1", NULL), -ENOENT);
}

static void special_perms(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "@releaseDomain", NULL), 0);
	assert_string_equal(dom0.answer, "n0");
	assert_int_equal(
		ask_strings(&guest, XS_SET_PERMS, 0, "@releaseDomain", "r1", NULL),
		-EACCES);
	assert_int_equal(
		ask_strings(&dom0, XS_SET_PERMS, 0, "@releaseDomain", "n0", "r1", NULL),
		0);
	world_restart(&w);
	client_close(&dom0);
	client_socket(&dom0, &w);
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "@releaseDomain", NULL), 0);
	assert_memory_equal(dom0.answer, "n0\0r1\0", 6);
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "@nonsense", NULL), -EINVAL);
}

static void names_of_nodes(void **state)
{
	static const char *const bad[] = {"",	  "//",	    "/a//b", "/a/", "/a b",
					  "/a.b", "/a\x80", "/a\n",  "@x",  "/a:b"};
	char path[XENSTORE_PAYLOAD_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(ask_write(&dom0, 0, bad[i], "v"), -EINVAL);
		assert_int_equal(ask_strings(&dom0, XS_READ, 0, bad[i], NULL), -EINVAL);
		assert_int_equal(ask_strings(&dom0, XS_RM, 0, bad[i], NULL), -EINVAL);
	}
	assert_int_equal(ask_write(&dom0, 0, "/A-z_0@9", "v"), 0);
	/* The longest path, as deep as can be, and one byte more. */
	for (size_t i = 0; i < XENSTORE_ABS_PATH_MAX; i++)
		path[i] = i % 2 ? 'x' : '/';
	path[XENSTORE_ABS_PATH_MAX] = 0;
	assert_int_equal(ask_write(&dom0, 0, path, "deep"), 0);
	must_read(&dom0, 0, path, "deep");
	path[XENSTORE_ABS_PATH_MAX] = 'x';
	path[XENSTORE_ABS_PATH_MAX + 1] = 0;
	assert_int_equal(ask_write(&dom0, 0, path, "deep"), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/x", NULL), 0);
	memset(path, 'y', XENSTORE_REL_PATH_MAX + 1);
	path[XENSTORE_REL_PATH_MAX + 1] = 0;
	assert_int_equal(ask_write(&guest, 0, path, ""), -EINVAL);
	path[XENSTORE_REL_PATH_MAX] = 0;
	assert_int_equal(ask_write(&guest, 0, path, ""), 0);
}

static void malformed_payloads(void **state)
{
	/* Operations whose payload must end in a NUL. */
	static const uint32_t types[] = {XS_CONTROL,
					 XS_DIRECTORY,
					 XS_READ,
					 XS_GET_PERMS,
					 XS_WATCH,
					 XS_UNWATCH,
					 XS_TRANSACTION_END,
					 XS_INTRODUCE,
					 XS_RELEASE,
					 XS_GET_DOMAIN_PATH,
					 XS_WRITE,
					 XS_MKDIR,
					 XS_RM,
					 XS_SET_PERMS,
					 XS_IS_DOMAIN_INTRODUCED,
					 XS_RESUME,
					 XS_SET_TARGET,
					 XS_DIRECTORY_PART};
	char full[XENSTORE_PAYLOAD_MAX];

	(void)state;
	memset(full, 'a', sizeof(full));
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		assert_int_equal(ask(&dom0, types[i], 0, "", 0), -EINVAL);
		assert_int_equal(ask(&dom0, types[i], 0, "/a", 2), -EINVAL);
		assert_int_equal(ask(&dom0, types[i], 0, full, sizeof(full)), -EINVAL);
	}
	assert_int_equal(ask(&dom0, XS_READ, 0, "/tool\0x", 8), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_READ, 77, "/tool", NULL), -ENOENT);
	assert_int_equal(ask(&dom0, XS_WATCH_EVENT, 0, "a\0b", 4), -ENOSYS);
	assert_int_equal(ask(&dom0, XS_ERROR, 0, "a", 2), -ENOSYS);
	assert_int_equal(ask(&dom0, 20, 0, "a", 2), -ENOSYS);
	assert_int_equal(ask(&dom0, XS_TYPE_COUNT, 0, "a", 2), -ENOSYS);
	assert_int_equal(ask(&dom0, XS_INVALID, 0, "a", 2), -ENOSYS);
	assert_int_equal(ask(&dom0, 0xffffffff, 0, "a", 2), -ENOSYS);
}

static void short_header_waits(void **state)
{
	struct xsd_sockmsg hdr = {XS_READ, 9, 0, 6};
	uint32_t type;

	(void)state;
	client_send(&dom0, &hdr, 7);
	world_run(&w);
	client_send(&dom0, (char *)&hdr + 7, sizeof(hdr) - 7);
	assert_false(client_receive(&dom0, 9, &type));
	client_send(&dom0, "/tool", 6);
	assert_true(client_receive(&dom0, 9, &type));
	assert_int_equal(type, XS_READ);
}

static void long_message_closes_socket(void **state)
{
	struct xsd_sockmsg hdr = {XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1};
	char byte;

	(void)state;
	client_send(&dom0, &hdr, sizeof(hdr));
	world_run(&w);
	assert_int_equal(read(dom0.fd, &byte, 1), 0);
}

static void closing_in_a_request_is_fine(void **state)
{
	struct client c;

	(void)state;
	client_socket(&c, &w);
	client_send(&c, "\1\2\3", 3);
	client_close(&c);
	world_run(&w);
	must_read(&dom0, 0, "/tool", "");
}

static void large_messages_through_ring(void **state)
{
	char value[2001];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[2000] = 0;
	assert_int_equal(ask_write(&guest, 0, "data/large", value), 0);
	must_read(&guest, 0, "data/large", value);
	must_read(&guest, 0, "/local/domain/1/data/large", value);
}

static void domain_operations(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&guest, XS_GET_DOMAIN_PATH, 0, "7", NULL), 0);
	assert_string_equal(guest.answer, "/local/domain/7");
	assert_int_equal(ask_strings(&dom0, XS_IS_DOMAIN_INTRODUCED, 0, "1", NULL), 0);
	assert_string_equal(dom0.answer, "T");
	assert_int_equal(ask_strings(&dom0, XS_IS_DOMAIN_INTRODUCED, 0, "2", NULL), 0);
	assert_string_equal(dom0.answer, "F");
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "0", "1", "1", NULL),
			 -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "32752", "1", "1", NULL),
			 -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "2", "1", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "1", "99", "5", NULL),
			 -EINVAL);
	/* Again with the same ring: the port is bound anew. */
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "1", "1000", "6", NULL), 0);
	w.dom[2].unmappable = true;
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "2", "1", "1", NULL),
			 -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_RESUME, 0, "1", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_RESUME, 0, "3", NULL), -ENOENT);
	assert_int_equal(ask_strings(&dom0, XS_RELEASE, 0, "0", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_RELEASE, 0, "1", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_RELEASE, 0, "1", NULL), -ENOENT);
	assert_false(w.dom[1].mapped);
	assert_false(w.dom[1].bound);
}

static void only_dom0_may(void **state)
{
	static const uint32_t types[] = {XS_CONTROL, XS_INTRODUCE, XS_RELEASE, XS_RESUME,
					 XS_SET_TARGET};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		assert_int_equal(ask_strings(&guest, types[i], 0, "1", "1", NULL),
				 -EACCES);
}

static void control_commands(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&dom0, XS_CONTROL, 0, "help", NULL), 0);
	assert_non_null(strstr(dom0.answer, "print"));
	assert_int_equal(ask_strings(&dom0, XS_CONTROL, 0, "info", NULL), 0);
	assert_non_null(strstr(dom0.answer, "domains 2\n"));
	assert_int_equal(ask_strings(&dom0, XS_CONTROL, 0, "check", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_CONTROL, 0, "nonsense", NULL), -EINVAL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_nodes),
		TEST(read_and_write),
		TEST(mkdir_keeps_value),
		TEST(rm_rules),
		TEST(directory),
		TEST(directory_in_parts),
		TEST(perms_roundtrip),
		TEST(special_perms),
		TEST(names_of_nodes),
		TEST(malformed_payloads),
		TEST(short_header_waits),
		TEST(long_message_closes_socket),
		TEST(closing_in_a_request_is_fine),
		TEST(large_messages_through_ring),
		TEST(domain_operations),
		TEST(only_dom0_may),
		TEST(control_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
