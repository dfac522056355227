/* The rows of the dashboard, made of what runs and what is defined. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "libdom/change.h"
#include "model/detail.h"
#include "model/vms.h"

/* --- a world of a few lines ------------------------------------------------------ */

static struct dom_info running[8];
static size_t nrunning;
static struct define_info defined[8];
static size_t ndefined;
static uint64_t stamp = 1;
static unsigned int reads, uptimes;
static char dir[] = "/tmp/vms-test.XXXXXX";

int dom_list(struct dom *dom, struct dom_info **list, size_t *count, struct dom_error *err)
{
	(void)dom, (void)err;
	*list = malloc(sizeof(running));
	memcpy(*list, running, sizeof(running));
	*count = nrunning;
	return 0;
}

int define_list(const char *d, struct define_info **list, size_t *count,
		struct dom_error *err)
{
	(void)d, (void)err;
	*list = malloc(sizeof(defined));
	memcpy(*list, defined, sizeof(defined));
	*count = ndefined;
	reads++;
	return 0;
}

uint64_t define_stamp(const char *d)
{
	(void)d;
	return stamp;
}

int dom_uptime(struct dom *dom, uint32_t domid, uint64_t *seconds, struct dom_error *err)
{
	(void)dom, (void)domid, (void)err;
	*seconds = 100;
	uptimes++;
	return 0;
}

void dom_uuid_text(const uint8_t u[16], char text[DOM_UUID_TEXT_SIZE])
{
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", u[i]);
}

int dom_disks(struct dom *dom, uint32_t domid, struct dom_disk **list, size_t *count,
	      struct dom_error *err)
{
	(void)dom, (void)domid, (void)list, (void)count, (void)err;
	return -ENOENT;
}

int dom_vifs(struct dom *dom, uint32_t domid, struct dom_vif **list, size_t *count,
	     struct dom_error *err)
{
	(void)dom, (void)domid, (void)list, (void)count, (void)err;
	return -ENOENT;
}

void dom_addresses(struct dom *dom, uint32_t domid, uint32_t devid, char *buf, size_t size)
{
	(void)dom, (void)domid, (void)devid, (void)size;
	buf[0] = '\0';
}

int dom_config(struct dom *dom, uint32_t domid, struct vm_config *cfg,
	       struct dom_error *err)
{
	(void)dom, (void)domid, (void)cfg, (void)err;
	return -ENOENT;
}

int define_load(const char *d, const char *name, struct definition *def,
		struct dom_error *err)
{
	(void)d, (void)name, (void)def, (void)err;
	return -ENOENT;
}

void define_free(struct definition *def)
{
	(void)def;
}

void config_free(struct vm_config *cfg)
{
	(void)cfg;
}

static struct dom_info *add_running(uint32_t domid, const char *name)
{
	struct dom_info *d = &running[nrunning++];

	*d = (struct dom_info){ .domid = domid, .vcpus_online = 2, .mem_kib = 1024,
				.shutdown_reason = -1 };
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->uuid[15] = (uint8_t)domid;
	return d;
}

static struct define_info *add_defined(const char *name)
{
	struct define_info *d = &defined[ndefined++];

	*d = (struct define_info){ .vcpus = 1, .memory_mib = 64 };
	snprintf(d->name, sizeof(d->name), "%s", name);
	stamp++;
	return d;
}

static int clear(void **state)
{
	(void)state;
	nrunning = ndefined = reads = uptimes = 0;
	stamp++;
	return 0;
}

static struct dom *some_dom(void)
{
	static char nothing;

	return (struct dom *)(void *)&nothing;
}

/* --- tests ----------------------------------------------------------------------- */

static void test_merge(void **state)
{
	struct vms v = { .metrics_dir = dir };

	(void)state;
	add_running(0, "Domain-0");
	add_running(1, "web");
	add_running(2, ""); /* being made or taken apart */
	add_running(3, "undefined");
	add_defined("db");
	add_defined("web")->autostart = true;
	add_defined("base")->template = true;
	snprintf(add_defined("bad")->problem, 256, "bad.cfg:1: no");
	assert_int_equal(vms_refresh(&v, some_dom(), NULL), 0);
	assert_int_equal(v.n, 5);
	assert_int_equal(vms_find(&v, "web")->domid, 1);
	assert_true(vms_find(&v, "web")->autostart && vms_find(&v, "web")->defined);
	assert_int_equal(vms_find(&v, "web")->mem_kib, 1024);
	assert_int_equal(vms_find(&v, "db")->state, VM_STOPPED);
	assert_int_equal(vms_find(&v, "db")->mem_kib, 65536);
	assert_int_equal(vms_find(&v, "base")->state, VM_TEMPLATE);
	assert_int_equal(vms_find(&v, "bad")->state, VM_BROKEN);
	assert_false(vms_find(&v, "undefined")->defined);
	assert_null(vms_find(&v, "Domain-0"));
	assert_null(vms_find(&v, ""));
	vms_free(&v);
}

static void test_states(void **state)
{
	struct vms v = { .metrics_dir = dir };
	struct dom_info *d;

	(void)state;
	add_running(1, "a")->paused = true;
	d = add_running(2, "b");
	d->shutdown = true;
	d->shutdown_reason = VM_SHUTDOWN_CRASH;
	d = add_running(3, "c");
	d->shutdown = true;
	d->shutdown_reason = VM_SHUTDOWN_REBOOT;
	d = add_running(4, "d");
	d->dying = d->shutdown = true;
	assert_int_equal(vms_refresh(&v, some_dom(), NULL), 0);
	assert_int_equal(vms_find(&v, "a")->state, VM_PAUSED);
	assert_int_equal(vms_find(&v, "b")->state, VM_CRASHED);
	assert_int_equal(vms_find(&v, "c")->state, VM_ENDED);
	assert_int_equal(vms_find(&v, "d")->state, VM_DYING);
	vms_free(&v);
}

/* What is dear is asked once: files when they change, a start once for a life. */
static void test_economy(void **state)
{
	struct vms v = { .metrics_dir = dir };

	(void)state;
	add_running(1, "web");
	add_defined("web");
	for (int i = 0; i < 5; i++)
		vms_refresh(&v, some_dom(), NULL);
	assert_int_equal(reads, 1);
	assert_int_equal(uptimes, 1);
	add_defined("db");
	running[0].domid = 7; /* it was restarted */
	vms_refresh(&v, some_dom(), NULL);
	assert_int_equal(reads, 2);
	assert_int_equal(uptimes, 2);
	vms_free(&v);
}

/* Nobody tells what runs: nothing is called stopped that may be running. */
static void test_unknown(void **state)
{
	struct vms v = { .metrics_dir = dir };

	(void)state;
	add_running(1, "web");
	add_defined("web");
	add_defined("db")->template = true;
	assert_int_equal(vms_refresh(&v, NULL, NULL), -ENOTCONN);
	assert_int_equal(vms_find(&v, "web")->state, VM_UNKNOWN);
	assert_int_equal(vms_find(&v, "db")->state, VM_TEMPLATE);
	assert_int_equal(vms_refresh(&v, some_dom(), NULL), 0);
	assert_int_equal(vms_find(&v, "web")->state, VM_RUNNING);
	assert_int_equal(vms_refresh(&v, NULL, NULL), -ENOTCONN);
	assert_int_equal(vms_find(&v, "web")->state, VM_RUNNING); /* as last known */
	vms_free(&v);
}

static void test_rates(void **state)
{
	struct vms v = { .metrics_dir = dir };
	struct metrics_sample s = { .time_ms = 1000 };
	char id[DOM_UUID_TEXT_SIZE];
	double cpu[10], *out[DETAIL_SERIES] = { cpu };
	struct detail d = { .name = "web", .vms = { .metrics_dir = dir } };
	struct metrics *m;

	(void)state;
	dom_uuid_text(add_running(1, "web")->uuid, id);
	assert_int_equal(metrics_create(dir, id, &m), 0);
	for (int i = 0; i < 101; i++) {
		metrics_add(m, &s);
		s.time_ms += 1000;
		s.cpu_ns += 500000000;
		s.disk_read += 4096;
	}
	vms_refresh(&v, some_dom(), NULL);
	assert_true(v.list[0].rate.cpu == 0.5 && v.list[0].rate.disk_read == 4096);
	vms_free(&v);
	assert_int_equal(detail_refresh(&d, some_dom(), true, NULL), 0);
	/* 300 seconds in 10 cells are 30 each, and 100 seconds are there */
	assert_int_equal(detail_history(&d, out, 10), 3);
	assert_true(cpu[0] == 0.5 && cpu[2] == 0.5);
	assert_int_equal(detail_history(&d, out, 0), 0);
	detail_free(&d);
	metrics_close(m);
	metrics_remove(dir, id);
}

static void test_order(void **state)
{
	struct vm a = { .name = "a", .mem_kib = 1, .domid = 5, .started_s = 100 };
	struct vm b = { .name = "B", .mem_kib = 2, .started_s = 0 };

	(void)state;
	assert_true(vm_compare(&a, &b, VM_BY_NAME) < 0);
	assert_true(vm_compare(&a, &b, VM_BY_MEMORY) < 0);
	assert_true(vm_compare(&a, &b, VM_BY_ID) < 0); /* without one: last */
	assert_true(vm_compare(&a, &b, VM_BY_UPTIME) > 0);
	assert_true(vm_compare(&a, &a, VM_BY_CPU) == 0);
}

static void test_neighbours(void **state)
{
	static const char table[] =
		"IP address HW type Flags HW address Mask Device\n"
		"10.0.0.1 0x1 0x2 00:16:3e:00:00:01 * xenbr0\n"
		"10.0.0.2 0x1 0x2 00:16:3E:00:00:02 * xenbr0\n"
		"10.0.0.3 0x1 0x2 00:16:3e:00:00:02 * xenbr0\n"
		"cut";
	char buf[24] = "";

	(void)state;
	detail_neighbours(table, "00:16:3e:00:00:02", buf, sizeof(buf));
	assert_string_equal(buf, "10.0.0.2 10.0.0.3");
	detail_neighbours(table, "00:16:3e:00:00:01", buf, sizeof(buf));
	assert_string_equal(buf, "10.0.0.2 10.0.0.3"); /* no room: left out whole */
	detail_neighbours("", "x", buf, sizeof(buf));
}

static void test_leases(void **state)
{
	uint8_t file[8 + 2 * 36 + 10] = { 0 };
	char buf[40] = "";

	(void)state;
	memcpy(file + 8, "\0\0\1\0\xc0\xa8\x7b\x0a\x00\x16\x3e\x01\x02\x03web", 17);
	memcpy(file + 44, "\0\0\1\0\x0a\x00\x00\x01\x00\x16\x3e\x01\x02\x04", 14);
	detail_leases(file, sizeof(file), "00:16:3E:01:02:03", buf, sizeof(buf));
	assert_string_equal(buf, "192.168.123.10");
	detail_leases(file, 50, "00:16:3e:01:02:04", buf, sizeof(buf)); /* cut off */
	assert_string_equal(buf, "192.168.123.10");
	detail_leases(file, 0, "00:16:3e:01:02:04", buf, sizeof(buf));
	assert_string_equal(buf, "192.168.123.10");
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_merge, clear),
		cmocka_unit_test_setup(test_states, clear),
		cmocka_unit_test_setup(test_economy, clear),
		cmocka_unit_test_setup(test_unknown, clear),
		cmocka_unit_test_setup(test_rates, clear),
		cmocka_unit_test_setup(test_order, clear),
		cmocka_unit_test_setup(test_neighbours, clear),
		cmocka_unit_test(test_leases),
	};

	if (!mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_dir);
}
