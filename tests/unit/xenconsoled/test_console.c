/*
 * Consoles of guests: rings that lie, logs that grow, viewers that come late
 * or do not read, guests that flood. The guest's page and port are faked.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest.h"

static union {
	struct xencons_interface ring;
	char bytes[PEER_PAGE];
} page;

static unsigned int notified;
static bool mapped, bound;
static struct peer peer;
static char dir[64];

/* --- what libsvc/peer.c would do ------------------------------------------ */

int peer_bind(struct peer *p, uint32_t domid, uint32_t port)
{
	(void)p;
	(void)domid;
	assert_false(bound);
	bound = true;
	return (int)port + 1;
}

void peer_unbind(struct peer *p, uint32_t local_port)
{
	(void)p;
	(void)local_port;
	assert_true(bound);
	bound = false;
}

void peer_notify(struct peer *p, uint32_t local_port)
{
	(void)p;
	(void)local_port;
	notified++;
}

int peer_map(struct peer *p, uint32_t domid, uint32_t ref, uint64_t gfn, void **out)
{
	(void)p;
	(void)domid;
	(void)gfn;
	assert_int_equal(ref, 0);
	assert_false(mapped);
	mapped = true;
	*out = &page;
	return 0;
}

void peer_unmap(struct peer *p, void *mapping)
{
	(void)p;
	assert_ptr_equal(mapping, &page);
	mapped = false;
}

/* --- the guest's side ----------------------------------------------------- */

static size_t guest_print(const char *data, size_t len)
{
	struct xencons_interface *r = &page.ring;
	size_t room = sizeof(r->out) - (r->out_prod - r->out_cons);

	if (len > room)
		len = room;
	for (size_t i = 0; i < len; i++)
		r->out[MASK_XENCONS_IDX(r->out_prod + i, r->out)] = data[i];
	r->out_prod += (uint32_t)len;
	return len;
}

static size_t guest_read(char *data, size_t max)
{
	struct xencons_interface *r = &page.ring;
	size_t len = r->in_prod - r->in_cons;

	assert_true(len <= sizeof(r->in));
	if (len > max)
		len = max;
	for (size_t i = 0; i < len; i++)
		data[i] = r->in[MASK_XENCONS_IDX(r->in_cons + i, r->in)];
	r->in_cons += (uint32_t)len;
	return len;
}

/* --- fixtures ------------------------------------------------------------- */

static int setup(void **state)
{
	struct guest *g;
	int err;

	memset(&page, 0, sizeof(page));
	notified = 0;
	mapped = bound = false;
	strcpy(dir, "/tmp/xenconsoled-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	g = guest_new(3, "web/../1", dir, &err);
	assert_non_null(g);
	assert_int_equal(guest_connect(g, &peer, 99, 5), 0);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	char path[512];
	struct dirent *e;
	DIR *d;

	guest_free(*state, &peer);
	assert_false(mapped);
	assert_false(bound);
	d = opendir(dir);
	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(dir);
	return 0;
}

static size_t file_size(const char *name)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static int open_tty(struct guest *g)
{
	int fd = open(g->tty, O_RDWR | O_NOCTTY | O_NONBLOCK);

	assert_true(fd >= 0);
	guest_check_viewed(g);
	assert_true(g->viewed);
	return fd;
}

/* --- tests ---------------------------------------------------------------- */

static void output_is_logged(void **state)
{
	struct guest *g = *state;

	guest_print("hello\r\n", 7);
	guest_pump(g, &peer, 1000);
	assert_int_equal(file_size("guest-web_.._1.log"), 7);
	assert_int_equal(page.ring.out_cons, 7);
	assert_int_equal(notified, 1);
	guest_pump(g, &peer, 1001);
	assert_int_equal(notified, 1);
	assert_int_equal(guest_poll_events(g), 0);
}

static void late_viewer_sees_what_was_said(void **state)
{
	struct guest *g = *state;
	char data[64];
	int fd;

	guest_print("early\n", 6);
	guest_pump(g, &peer, 1000);
	fd = open_tty(g);
	guest_pump(g, &peer, 1001);
	assert_int_equal(read(fd, data, sizeof(data)), 6);
	assert_memory_equal(data, "early\n", 6);
	guest_print("now\n", 4);
	guest_pump(g, &peer, 1002);
	assert_int_equal(read(fd, data, sizeof(data)), 4);
	close(fd);
	guest_check_viewed(g);
	assert_false(g->viewed);
	/* Said while nobody looked, shown once, and nothing twice. */
	guest_print("between\n", 8);
	guest_pump(g, &peer, 1003);
	fd = open_tty(g);
	guest_pump(g, &peer, 1004);
	assert_int_equal(read(fd, data, sizeof(data)), 8);
	close(fd);
}

static void typing_reaches_the_guest(void **state)
{
	struct guest *g = *state;
	char data[2048];
	int fd = open_tty(g);

	/* Raw: neither echo nor signals nor line editing. */
	assert_int_equal(write(fd, "a\r\n\3\4\177", 6), 6);
	guest_pump(g, &peer, 1000);
	assert_int_equal(guest_read(data, sizeof(data)), 6);
	assert_memory_equal(data, "a\r\n\3\4\177", 6);
	assert_true(read(fd, data, sizeof(data)) < 0);
	/* What the ring has no room for waits in the pty. */
	memset(data, 'x', sizeof(data));
	assert_int_equal(write(fd, data, 1500), 1500);
	guest_pump(g, &peer, 1001);
	assert_int_equal(page.ring.in_prod - page.ring.in_cons, 1024);
	assert_int_equal(guest_poll_events(g), 0);
	assert_int_equal(guest_read(data, sizeof(data)), 1024);
	guest_pump(g, &peer, 1002);
	assert_int_equal(guest_read(data, sizeof(data)), 1500 - 1024);
	close(fd);
}

static void impossible_indices(void **state)
{
	struct guest *g = *state;
	int fd = open_tty(g);

	page.ring.out_prod = page.ring.out_cons + 2049;
	guest_pump(g, &peer, 1000);
	assert_int_equal(file_size("guest-web_.._1.log"), 0);
	guest_print("sane again", 10);
	guest_pump(g, &peer, 1001);
	assert_int_equal(file_size("guest-web_.._1.log"), 10);
	page.ring.in_cons = page.ring.in_prod + 1;
	assert_int_equal(write(fd, "x", 1), 1);
	guest_pump(g, &peer, 1002);
	assert_int_equal(guest_poll_events(g), 0);
	page.ring.in_cons = page.ring.in_prod;
	guest_pump(g, &peer, 1003);
	assert_int_equal(page.ring.in_prod - page.ring.in_cons, 1);
	close(fd);
}

static void flood_is_held_back(void **state)
{
	struct guest *g = *state;
	static char noise[4096];
	size_t printed = 0;

	memset(noise, '#', sizeof(noise));
	for (int64_t ms = 0; ms < 2000; ms++) {
		printed += guest_print(noise, sizeof(noise));
		guest_pump(g, &peer, 100000 + ms);
	}
	assert_true(guest_held_back(g));
	assert_true(printed > GUEST_RATE);
	assert_true(printed <= GUEST_BURST + 2 * GUEST_RATE + 2 * 2048);
}

static void log_is_bounded(void **state)
{
	struct guest *g = *state;
	static char noise[2048];

	memset(noise, '#', sizeof(noise));
	for (int64_t s = 0; s < 3 * LOGFILE_MAX / 2048; s++) {
		guest_print(noise, sizeof(noise));
		guest_pump(g, &peer, 1000 * s);
	}
	assert_true(file_size("guest-web_.._1.log") <= LOGFILE_MAX);
	assert_int_equal(file_size("guest-web_.._1.log.1"), LOGFILE_MAX);
}

static void viewer_that_does_not_read(void **state)
{
	struct guest *g = *state;
	static char noise[2048];
	int fd = open_tty(g);
	uint32_t before;

	memset(noise, '#', sizeof(noise));
	for (int64_t s = 0; s < 200; s++) {
		before = page.ring.out_cons;
		assert_int_equal(guest_print(noise, sizeof(noise)), 2048);
		guest_pump(g, &peer, 1000 * s);
		assert_int_equal(page.ring.out_cons - before, 2048);
	}
	assert_int_equal(file_size("guest-web_.._1.log"), 200 * 2048);
	assert_true(g->backlog.end - g->backlog.seen <= BACKLOG_SIZE);
	close(fd);
}

static void restart_goes_on(void **state)
{
	struct guest *g = *state;
	int err;

	guest_print("one", 3);
	guest_pump(g, &peer, 1000);
	guest_print("two", 3);
	guest_free(g, &peer); /* takes the last words */
	assert_int_equal(file_size("guest-web_.._1.log"), 6);
	g = guest_new(3, "web/../1", dir, &err);
	assert_int_equal(guest_connect(g, &peer, 99, 5), 0);
	guest_print("three", 5);
	guest_pump(g, &peer, 2000);
	assert_int_equal(file_size("guest-web_.._1.log"), 11);
	/* Another port: connected anew; the same: left alone. */
	assert_int_equal(guest_connect(g, &peer, 99, 5), 0);
	assert_int_equal(guest_connect(g, &peer, 99, 6), 0);
	assert_int_equal(g->local_port, 7);
	*state = g;
}

static void log_that_cannot_be_opened(void **state)
{
	struct guest *g = *state;
	int err;

	guest_free(g, &peer);
	g = guest_new(3, "x", "/nonexistent", &err);
	assert_non_null(g);
	assert_int_equal(guest_connect(g, &peer, 99, 5), 0);
	guest_print("one", 3);
	guest_pump(g, &peer, 1000);
	assert_int_equal(page.ring.out_cons, 3);
	*state = g;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(output_is_logged),		 TEST(late_viewer_sees_what_was_said),
		TEST(typing_reaches_the_guest),	 TEST(impossible_indices),
		TEST(flood_is_held_back),	 TEST(log_is_bounded),
		TEST(viewer_that_does_not_read), TEST(restart_goes_on),
		TEST(log_that_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
