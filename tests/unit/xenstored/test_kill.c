/*
 * The real daemon, killed again and again under a client that uses libxs:
 * nothing that was written is lost, and the client need not care.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libxs/xs.h"

#define WRITES 300
#define EVERY  15 /* writes between two kills */

static char dir[64], sock[96], pid_file[96];
static pid_t daemon_pid;

static void start_daemon(void)
{
	daemon_pid = fork();
	if (daemon_pid == 0) {
		/* A test that fails leaves nobody behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(XENSTORED_BIN, "xenstored", "-F", "--no-hypervisor", "--socket",
		      sock, "--state-dir", dir, "--pid-file", pid_file, (char *)NULL);
		_exit(127);
	}
	assert_true(daemon_pid > 0);
}

static int stop_daemon(int sig)
{
	int status;

	kill(daemon_pid, sig);
	assert_int_equal(waitpid(daemon_pid, &status, 0), daemon_pid);
	return status;
}

static struct xs *open_store(void)
{
	struct xs *x;
	int err = -ENOTCONN;

	for (int i = 0; i < 500 && err == -ENOTCONN; i++) {
		err = xs_open(&x, sock);
		usleep(20000);
	}
	assert_int_equal(err, 0);
	return x;
}

static int setup(void **state)
{
	strcpy(dir, "/tmp/xenstored-test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(sock, sizeof(sock), "%s/socket", dir);
	snprintf(pid_file, sizeof(pid_file), "%s/pid", dir);
	start_daemon();
	*state = open_store();
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	xs_close(*state);
	/* Asked to end, it ends well and keeps its state. */
	assert_int_equal(stop_daemon(SIGTERM), 0);
	assert_int_equal(access(sock, F_OK), -1);
	assert_int_equal(access(pid_file, F_OK), -1);
	snprintf(path, sizeof(path), "%s/journal", dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/lock", dir);
	unlink(path);
	rmdir(dir);
	return 0;
}

static void kill_now_and_then(int i)
{
	if (i % EVERY == EVERY - 1) {
		stop_daemon(SIGKILL);
		start_daemon();
	}
}

static void writes_are_not_lost(void **state)
{
	struct xs *x = *state;
	struct xs_dir list;
	char path[32];
	uint64_t n;

	for (int i = 0; i < WRITES; i++) {
		snprintf(path, sizeof(path), "/k/%d", i);
		assert_int_equal(xs_printf(x, XS_TX_NONE, path, "%d", i), 0);
		kill_now_and_then(i);
	}
	for (int i = 0; i < WRITES; i++) {
		snprintf(path, sizeof(path), "/k/%d", i);
		assert_int_equal(xs_read_u64(x, XS_TX_NONE, path, &n), 0);
		assert_int_equal(n, i);
	}
	assert_int_equal(xs_directory(x, XS_TX_NONE, "/k", &list), 0);
	assert_int_equal(list.count, WRITES);
	xs_dir_free(&list);
}

static int increment(struct xs *x, xs_tx tx)
{
	uint64_t n = 0;
	int err = xs_read_u64(x, tx, "/counter", &n);

	if (err && err != -ENOENT)
		return err;
	return xs_printf(x, tx, "/counter", "%llu", (unsigned long long)n + 1);
}

static void transactions_are_repeated(void **state)
{
	struct xs *x = *state;
	uint64_t n;

	for (int i = 0; i < WRITES; i++) {
		bool first = true;
		xs_tx tx;
		int err;

		do {
			err = xs_tx_start(x, &tx);
			assert_int_equal(err, 0);
			if (first)
				kill_now_and_then(i);
			first = false;
			err = xs_tx_end(x, tx, increment(x, tx));
		} while (err == -EAGAIN);
		assert_int_equal(err, 0);
	}
	assert_int_equal(xs_read_u64(x, XS_TX_NONE, "/counter", &n), 0);
	assert_int_equal(n, WRITES);
}

static void watches_come_back(void **state)
{
	struct xs *x = *state, *other;
	struct xs_event ev;

	assert_int_equal(xs_watch(x, "/w", "token"), 0);
	assert_int_equal(xs_wait_event(x, &ev, 10000), 0);
	for (int i = 0; i < 5; i++) {
		stop_daemon(SIGKILL);
		start_daemon();
		/* It fires when it is registered again. */
		assert_int_equal(xs_wait_event(x, &ev, 10000), 0);
		assert_string_equal(ev.path, "/w");
		other = open_store();
		assert_int_equal(xs_write(other, XS_TX_NONE, "/w/x", "1", 1), 0);
		xs_close(other);
		assert_int_equal(xs_wait_event(x, &ev, 10000), 0);
		assert_string_equal(ev.path, "/w/x");
		assert_string_equal(ev.token, "token");
		assert_int_equal(xs_next_event(x, &ev), -EAGAIN);
	}
	assert_int_equal(xs_unwatch(x, "/w", "token"), 0);
	assert_int_equal(xs_unwatch(x, "/w", "token"), -ENOENT);
}

static void library_calls(void **state)
{
	const struct xs_perm perms[2] = {{0, 'n'}, {7, 'r'}};
	struct xs *x = *state;
	struct xs_perm got[4];
	char buf[64], path[64];
	struct xs_dir list;
	xs_tx tx;

	assert_int_equal(xs_write(x, XS_TX_NONE, "/a", "value", 5), 0);
	assert_int_equal(xs_read(x, XS_TX_NONE, "/a", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "value");
	assert_int_equal(xs_read(x, XS_TX_NONE, "/a", buf, 5), -ERANGE);
	assert_int_equal(xs_read(x, XS_TX_NONE, "/b", buf, 5), -ENOENT);
	assert_int_equal(xs_rm(x, XS_TX_NONE, "/b"), 0);
	assert_int_equal(xs_set_perms(x, XS_TX_NONE, "/a", perms, 2), 0);
	assert_int_equal(xs_get_perms(x, XS_TX_NONE, "/a", got, 4), 2);
	assert_int_equal(got[1].domid, 7);
	assert_int_equal(got[1].access, 'r');
	assert_int_equal(xs_tx_start(x, &tx), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/many/a-name-of-some-length-%d", i);
		assert_int_equal(xs_mkdir(x, tx, path), 0);
	}
	assert_int_equal(xs_directory(x, tx, "/many", &list), 0);
	assert_int_equal(list.count, 1000);
	xs_dir_free(&list);
	assert_int_equal(xs_tx_commit(x, tx), 0);
	assert_int_equal(xs_directory(x, XS_TX_NONE, "/a", &list), 0);
	assert_int_equal(list.count, 0);
	xs_dir_free(&list);
	assert_int_equal(xs_introduce(x, 5, 0xfeffc, 1), 0);
	assert_int_equal(xs_is_introduced(x, 5), 1);
	assert_int_equal(xs_get_domain_path(x, 5, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/local/domain/5");
	assert_int_equal(xs_release(x, 5), 0);
	assert_int_equal(xs_is_introduced(x, 5), 0);
	assert_true(xs_control(x, "help", NULL, buf, sizeof(buf)) > 0);
}

static void no_daemon(void **state)
{
	struct xs *x;

	(void)state;
	assert_int_equal(xs_open(&x, "/nonexistent/socket"), -ENOTCONN);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_are_not_lost), TEST(transactions_are_repeated),
		TEST(watches_come_back),   TEST(library_calls),
		TEST(no_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
