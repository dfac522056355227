/*
 * The hypervisor's log where printing it makes it longer, as it does on the
 * hypervisor's own console: reading it once never ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>

#include "libdom/internal.h"

static size_t log_end;	 /* bytes ever written to the log */
static size_t log_start; /* of what it still holds */
static size_t growth;	 /* with each read */
static size_t printed;

static char byte_at(size_t pos)
{
	return (char)('a' + pos % 23);
}

int hv_console_read(struct hv *hv, char *buf, size_t len, bool clear,
		    bool incremental, uint32_t *index)
{
	size_t pos = incremental && *index > log_start ? *index : log_start, n = 0;

	(void)hv;
	while (n < len && pos < log_end)
		buf[n++] = byte_at(pos++);
	*index = (uint32_t)pos;
	if (clear)
		log_start = log_end;
	log_end += growth;
	return (int)n;
}

int hv_version(struct hv *hv, struct hv_version *out)
{
	(void)hv;
	(void)out;
	return -1;
}

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *out)
{
	(void)hv;
	(void)out;
	return -1;
}

int hv_sched_id(struct hv *hv, uint32_t *id)
{
	(void)hv;
	(void)id;
	return -1;
}

int hv_cpu_idle(struct hv *hv, uint64_t *idle_ns, unsigned int max)
{
	(void)hv;
	(void)idle_ns;
	(void)max;
	return -1;
}

int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *cpus, unsigned int max)
{
	(void)hv;
	(void)cpus;
	(void)max;
	return -1;
}

int hv_nodes(struct hv *hv, struct hv_node *nodes, unsigned int max)
{
	(void)hv;
	(void)nodes;
	(void)max;
	return -1;
}

int hv_debug_keys(struct hv *hv, const char *keys)
{
	(void)hv;
	(void)keys;
	return -1;
}

static void print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		assert_int_equal(text[i], byte_at(printed + i));
	printed += len;
	log_end += len;
}

static size_t dmesg(size_t length, bool clear)
{
	struct dom dom = {NULL, NULL};

	log_start = 0;
	log_end = length;
	printed = 0;
	assert_int_equal(dom_dmesg(&dom, clear, print, NULL, NULL), 0);
	return printed;
}

static void all_is_printed_once(void **state)
{
	(void)state;
	growth = 0;
	assert_int_equal(dmesg(0, false), 0);
	assert_int_equal(dmesg(100, false), 100);
	assert_int_equal(dmesg(16384, false), 16384);
	assert_int_equal(dmesg(100000, false), 100000);
}

static void a_log_that_grows_has_an_end(void **state)
{
	(void)state;
	growth = 100000;
	assert_int_equal(dmesg(100, false), 100);
	assert_in_range(dmesg(100000, false), 100000, 1 << 20);
}

static void clearing_comes_after_reading(void **state)
{
	(void)state;
	growth = 0;
	assert_int_equal(dmesg(40000, true), 40000);
	assert_int_equal(log_start, 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_printed_once),
		cmocka_unit_test(a_log_that_grows_has_an_end),
		cmocka_unit_test(clearing_comes_after_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
