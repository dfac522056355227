/*
 * The daemon is killed at every point, and a guest on its ring must not be
 * able to tell: each request is answered exactly once and in order, its
 * watches and transactions are there, and no write is lost.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define ROUNDS 3000

static struct world w;
static struct client guest;
static uint32_t seed = 12345;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

static int setup(void **state)
{
	(void)state;
	world_open(&w);
	client_ring(&guest, &w, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

/* Run some of a round's steps, and be killed after any of them. */
static void live_dangerously(void)
{
	uint32_t steps = rnd(5);

	if (steps > 0)
		server_work(&w.srv);
	if (steps > 1)
		server_commit(&w.srv);
	if (steps > 2)
		server_flush(&w.srv);
	if (steps > 3)
		server_work(&w.srv);
	if (rnd(2))
		world_restart(&w);
}

/* A request whose answer is known, whatever was killed when. */
struct step {
	uint32_t type;
	const char *data;
	size_t len;
	int error; /* 0, or that must be the answer */
};

static const struct step script[] = {
	{XS_WRITE, "n\0first", 7, 0}, {XS_READ, "n", 2, 0},
	{XS_WATCH, "w\0t", 4, 0},     {XS_WATCH, "w\0t", 4, EEXIST},
	{XS_UNWATCH, "w\0t", 4, 0},   {XS_UNWATCH, "w\0t", 4, ENOENT},
	{XS_RM, "n", 2, 0},	      {XS_READ, "n", 2, ENOENT},
	{XS_RM, "no/no", 6, ENOENT},
};

#define STEPS (sizeof(script) / sizeof(*script))

/* Bytes from the ring, kept until they make a message. */
struct inbox {
	char data[2 * CONN_MESSAGE_MAX];
	size_t len;
	uint32_t expect; /* number of the next answer */
};

static void check_answer(struct inbox *in, const struct xsd_sockmsg *hdr,
			 const char *data)
{
	const struct step *s = &script[in->expect % STEPS];

	assert_int_equal(hdr->req_id, in->expect);
	if (s->error) {
		assert_int_equal(hdr->type, XS_ERROR);
		assert_string_equal(data, s->error == EEXIST ? "EEXIST" : "ENOENT");
	} else {
		assert_int_equal(hdr->type, s->type);
	}
	in->expect++;
}

static void read_inbox(struct inbox *in)
{
	struct xsd_sockmsg hdr;

	in->len += guest_take(guest.ring, in->data + in->len, 1 + rnd(300));
	while (in->len >= sizeof(hdr)) {
		memcpy(&hdr, in->data, sizeof(hdr));
		assert_true(hdr.len <= XENSTORE_PAYLOAD_MAX);
		if (in->len < sizeof(hdr) + hdr.len)
			return;
		if (hdr.type != XS_WATCH_EVENT)
			check_answer(in, &hdr, in->data + sizeof(hdr));
		in->len -= sizeof(hdr) + hdr.len;
		memmove(in->data, in->data + sizeof(hdr) + hdr.len, in->len);
	}
}

static void every_request_is_answered_once(void **state)
{
	struct inbox in = {.len = 0};
	char out[CONN_MESSAGE_MAX];
	size_t out_len = 0;
	uint32_t next = 0;

	(void)state;
	for (int i = 0; i < ROUNDS || in.expect < next || out_len; i++) {
		size_t sent;

		assert_true(i < 20 * ROUNDS);
		if (!out_len && i < ROUNDS) {
			const struct step *s = &script[next % STEPS];
			struct xsd_sockmsg hdr = {s->type, next++, 0, (uint32_t)s->len};

			memcpy(out, &hdr, sizeof(hdr));
			memcpy(out + sizeof(hdr), s->data, s->len);
			out_len = sizeof(hdr) + s->len;
		}
		sent = rnd(2) ? out_len : rnd(20);
		sent = guest_put(guest.ring, out, sent < out_len ? sent : out_len);
		memmove(out, out + sent, out_len - sent);
		out_len -= sent;
		live_dangerously();
		read_inbox(&in);
	}
	assert_true(next > 500);
}

static void large_request_in_pieces(void **state)
{
	char msg[sizeof(struct xsd_sockmsg) + 2000] = {0};
	struct xsd_sockmsg hdr = {XS_WRITE, 1, 0, 2000};
	size_t sent = 0;
	uint32_t type;

	(void)state;
	memcpy(msg, &hdr, sizeof(hdr));
	memset(msg + sizeof(hdr), 'v', 2000);
	memcpy(msg + sizeof(hdr), "large", 6);
	while (sent < sizeof(msg)) {
		size_t n = sizeof(msg) - sent < 50 ? sizeof(msg) - sent : 50;

		sent += guest_put(guest.ring, msg + sent, n);
		live_dangerously();
	}
	assert_true(client_receive(&guest, 1, &type));
	assert_int_equal(type, XS_WRITE);
	assert_int_equal(ask_strings(&guest, XS_READ, 0, "large", NULL), 0);
	assert_int_equal(guest.len, 2000 - 6);
}

static void watches_survive(void **state)
{
	struct client *dom0 = calloc(1, sizeof(*dom0));

	(void)state;
	assert_int_equal(ask_strings(&guest, XS_WATCH, 0, "device", "t", NULL), 0);
	must_get_event(&guest, "device", "t");
	world_restart(&w);
	must_get_none(&guest);
	client_socket(dom0, &w);
	assert_int_equal(ask_write(dom0, 0, "/local/domain/1/device/x", ""), 0);
	/* Killed when the event was made, but not yet sent. */
	client_close(dom0);
	must_get_event(&guest, "device/x", "t");
	client_socket(dom0, &w);
	client_send(dom0, "", 0);
	world_restart(&w);
	client_close(dom0);
	free(dom0);
}

static void open_transaction_has_to_be_repeated(void **state)
{
	uint32_t tx = begin(&guest), again;

	(void)state;
	assert_int_equal(ask_write(&guest, tx, "t", "1"), 0);
	world_restart(&w);
	/* It goes on as if nothing were, but for the end. */
	assert_int_equal(ask_write(&guest, tx, "t", "2"), 0);
	must_read(&guest, tx, "t", "2");
	again = begin(&guest);
	assert_int_not_equal(again, tx);
	assert_int_equal(end(&guest, tx, "T"), -EAGAIN);
	must_read(&guest, 0, "t", NULL);
	world_restart(&w);
	assert_int_equal(end(&guest, tx, "T"), -ENOENT);
	assert_int_equal(end(&guest, again, "T"), -EAGAIN);
}

static void domain_that_died_meanwhile(void **state)
{
	struct client *dom0 = calloc(1, sizeof(*dom0));

	(void)state;
	assert_int_equal(ask_write(&guest, 0, "mine", ""), 0);
	world_kill(&w);
	w.dom[1].state = DOMAIN_GONE;
	world_start(&w);
	assert_null(domain_find(&w.srv, 1));
	client_socket(dom0, &w);
	must_read(dom0, 0, "/local/domain/1", NULL);
	client_close(dom0);
	free(dom0);
}

/* A record that was cut off by the kill counts as never written. */
static void torn_record(void **state)
{
	char path[128];
	struct stat st;
	off_t whole;
	int fd;

	(void)state;
	assert_int_equal(ask_write(&guest, 0, "a", "1"), 0);
	snprintf(path, sizeof(path), "%s/journal", w.dir);
	assert_int_equal(stat(path, &st), 0);
	whole = st.st_size;
	assert_int_equal(ask_write(&guest, 0, "b", "1"), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > whole);
	for (off_t cut = st.st_size; cut-- > whole;) {
		struct server srv;
		struct journal *j = &srv.journal;

		world_kill(&w);
		assert_int_equal(truncate(path, cut), 0);
		/* The ring is ahead of such a journal, so look at it alone. */
		server_init(&srv, &w.hv);
		assert_int_equal(journal_open(j, w.dir), 0);
		assert_int_equal(journal_load(j, state_take, &srv), 0);
		assert_non_null(tree_find(srv.store.root, "/local/domain/1/a"));
		assert_null(tree_find(srv.store.root, "/local/domain/1/b"));
		server_free(&srv);
		break;
	}
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "nonsense", 8), 8);
	close(fd);
	server_init(&w.srv, &w.hv);
	assert_int_equal(server_start(&w.srv, w.dir), -EINVAL);
	w.running = false;
}

static void journal_is_rewritten(void **state)
{
	char value[1800];
	size_t most = 0;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = 0;
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(ask_write(&guest, 0, "n", value), 0);
		if (w.srv.journal.size > most)
			most = w.srv.journal.size;
	}
	assert_true(most < 2 * JOURNAL_GROWTH);
	world_restart(&w);
	must_read(&guest, 0, "n", value);
}

static void second_daemon_is_refused(void **state)
{
	struct server srv;

	(void)state;
	server_init(&srv, &w.hv);
	assert_int_equal(server_start(&srv, w.dir), -EBUSY);
	server_free(&srv);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_request_is_answered_once),
		TEST(large_request_in_pieces),
		TEST(watches_survive),
		TEST(open_transaction_has_to_be_repeated),
		TEST(domain_that_died_meanwhile),
		TEST(torn_record),
		TEST(journal_is_rewritten),
		TEST(second_daemon_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
