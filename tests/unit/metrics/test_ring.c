/* The files that hostd writes and consoles read at the same time. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "libmetrics/metrics.h"

static char dir[] = "/tmp/metrics-test.XXXXXX";

/* A sample that shows when it was torn: all its numbers are the same. */
static struct metrics_sample sample(uint64_t n)
{
	return (struct metrics_sample){ n, n, n, n, n, n, n };
}

static bool whole(const struct metrics_sample *s)
{
	return s->cpu_ns == s->time_ms && s->mem_kib == s->time_ms &&
	       s->disk_read == s->time_ms && s->disk_written == s->time_ms &&
	       s->net_in == s->time_ms && s->net_out == s->time_ms;
}

static void test_last(void **state)
{
	struct metrics_sample s[METRICS_SLOTS + 5];
	struct metrics *w, *r;

	(void)state;
	assert_int_equal(metrics_open(dir, "a", &r), -ENOENT);
	assert_int_equal(metrics_create(dir, "a", &w), 0);
	assert_int_equal(metrics_open(dir, "a", &r), 0);
	assert_int_equal(metrics_last(r, s, 5), 0);
	for (uint64_t i = 1; i <= 3; i++)
		metrics_add(w, &(struct metrics_sample){ .time_ms = i });
	assert_int_equal(metrics_last(r, s, 2), 2);
	assert_int_equal(s[0].time_ms, 2);
	assert_int_equal(s[1].time_ms, 3);
	for (uint64_t i = 4; i <= 2 * METRICS_SLOTS; i++)
		metrics_add(w, &(struct metrics_sample){ .time_ms = i });
	/* the oldest slot is the one the writer may be working on */
	assert_int_equal(metrics_last(r, s, METRICS_SLOTS + 5), METRICS_SLOTS - 1);
	assert_int_equal(s[METRICS_SLOTS - 2].time_ms, 2 * METRICS_SLOTS);
	assert_int_equal(s[0].time_ms, METRICS_SLOTS + 2);
	metrics_close(r);
	metrics_close(w);
}

/* A hostd that was killed and started again goes on where it was. */
static void test_goes_on(void **state)
{
	struct metrics_sample s[4];
	struct metrics *w;

	(void)state;
	assert_int_equal(metrics_create(dir, "b", &w), 0);
	metrics_add(w, &(struct metrics_sample){ .time_ms = 1 });
	metrics_close(w);
	assert_int_equal(metrics_create(dir, "b", &w), 0);
	metrics_add(w, &(struct metrics_sample){ .time_ms = 2 });
	assert_int_equal(metrics_last(w, s, 4), 2);
	assert_int_equal(s[0].time_ms, 1);
	metrics_close(w);
	metrics_remove(dir, "b");
	assert_int_equal(metrics_open(dir, "b", &w), -ENOENT);
}

static void write_file(const char *id, const char *text, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, id);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* Files of another kind or version are not read, and replaced by the writer. */
static void test_damaged(void **state)
{
	struct metrics *m;

	(void)state;
	write_file("c", "x", 1);
	assert_int_equal(metrics_open(dir, "c", &m), -EINVAL);
	assert_int_equal(metrics_create(dir, "c", &m), 0);
	metrics_close(m);
	assert_int_equal(metrics_open(dir, "c", &m), 0);
	metrics_close(m);
	assert_int_equal(metrics_open(dir, "../c", &m), -EINVAL);
	assert_int_equal(metrics_create(dir, "", &m), -EINVAL);
}

static atomic_bool stop;

static void *writer(void *arg)
{
	for (uint64_t i = 1; !atomic_load(&stop); i++) {
		struct metrics_sample s = sample(i);

		metrics_add(arg, &s);
	}
	return NULL;
}

/* A reader never sees half a sample, however fast the writer is. */
static void test_race(void **state)
{
	struct metrics_sample s[50];
	struct metrics *w, *r;
	pthread_t thread;
	size_t seen = 0;

	(void)state;
	assert_int_equal(metrics_create(dir, "d", &w), 0);
	assert_int_equal(metrics_open(dir, "d", &r), 0);
	assert_int_equal(pthread_create(&thread, NULL, writer, w), 0);
	while (seen < 20000) {
		size_t n = metrics_last(r, s, 1 + seen % 50);

		for (size_t i = 0; i < n; i++)
			assert_true(whole(&s[i]));
		seen += n;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	metrics_close(r);
	metrics_close(w);
}

static void test_rate(void **state)
{
	struct metrics_sample a = { .time_ms = 1000, .cpu_ns = 5000000000, .net_in = 100 };
	struct metrics_sample b = { .time_ms = 3000, .cpu_ns = 6000000000, .net_in = 300,
				    .disk_read = 4096 };
	struct metrics_rate r = metrics_rate(&a, &b);

	(void)state;
	assert_true(r.cpu == 0.5 && r.net_in == 100 && r.disk_read == 2048);
	r = metrics_rate(&b, &a);
	assert_true(r.cpu == 0 && r.net_in == 0);
	b.net_in = 40; /* the VM was started anew in between */
	r = metrics_rate(&a, &b);
	assert_true(r.net_in == 20);
	b.cpu_ns = a.cpu_ns - 1000; /* an idle host once showed 28895275547 % */
	r = metrics_rate(&a, &b);
	assert_true(r.cpu == 0);
}

static int remove_dir(void **state)
{
	static const char *const files[] = { "a", "b", "c", "d" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		metrics_remove(dir, files[i]);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last), cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_race),
		cmocka_unit_test(test_rate),
	};

	if (!mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_dir);
}
