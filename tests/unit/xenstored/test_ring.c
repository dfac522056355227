/*
 * Rings of guests that mean harm, or do not read, or ask for a fresh start:
 * it costs them their own connection at most.
 */
#include "harness.h"

static struct world w;
static struct client dom0, guest, other;

static int setup(void **state)
{
	(void)state;
	world_open(&w);
	client_ring(&guest, &w, 1);
	client_ring(&other, &w, 2);
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

static void others_go_on(void)
{
	assert_int_equal(ask_write(&other, 0, "alive", "1"), 0);
	must_read(&dom0, 0, "/local/domain/2/alive", "1");
	must_be_sound(&w);
}

/* What the store driver of a guest does to begin anew. */
static void reset_ring(struct client *c)
{
	c->ring->connection = XENSTORE_RECONNECT;
	world_run(&w);
	assert_int_equal(c->ring->connection, XENSTORE_CONNECTED);
	assert_int_equal(c->ring->error, XENSTORE_ERROR_NONE);
	assert_int_equal(c->ring->req_prod, 0);
	assert_int_equal(c->ring->rsp_prod, 0);
}

static void bad_request_index(void **state)
{
	unsigned int notified = w.dom[1].notified;

	(void)state;
	guest.ring->req_prod = guest.ring->req_cons + XENSTORE_RING_SIZE + 1;
	world_run(&w);
	assert_int_equal(guest.ring->error, XENSTORE_ERROR_RINGIDX);
	assert_true(w.dom[1].notified > notified);
	others_go_on();
	/* Nothing more is taken from it, before and after a restart. */
	guest.ring->req_prod = guest.ring->req_cons + 20;
	world_restart(&w);
	world_run(&w);
	assert_int_equal(guest.ring->error, XENSTORE_ERROR_RINGIDX);
	reset_ring(&guest);
	assert_int_equal(ask_write(&guest, 0, "back", "1"), 0);
}

static void bad_answer_index(void **state)
{
	struct xsd_sockmsg hdr = {XS_READ, 1, 0, 5};

	(void)state;
	guest.ring->rsp_cons = guest.ring->rsp_prod + 5;
	guest_put(guest.ring, &hdr, sizeof(hdr));
	guest_put(guest.ring, "name", 5);
	world_run(&w);
	assert_int_equal(guest.ring->error, XENSTORE_ERROR_RINGIDX);
	others_go_on();
	reset_ring(&guest);
	must_read(&guest, 0, "name", NULL);
}

static void message_too_long(void **state)
{
	struct xsd_sockmsg hdr = {XS_WRITE, 1, 0, XENSTORE_PAYLOAD_MAX + 1};

	(void)state;
	guest_put(guest.ring, &hdr, sizeof(hdr));
	world_run(&w);
	assert_int_equal(guest.ring->error, XENSTORE_ERROR_PROTO);
	others_go_on();
	hdr.len = UINT32_MAX;
	reset_ring(&guest);
	guest_put(guest.ring, &hdr, sizeof(hdr));
	world_run(&w);
	assert_int_equal(guest.ring->error, XENSTORE_ERROR_PROTO);
	others_go_on();
}

static void our_indices_are_not_believed(void **state)
{
	(void)state;
	must_read(&guest, 0, "x", NULL);
	guest.ring->req_cons += 100;
	world_run(&w);
	must_read(&guest, 0, "x", NULL);
	guest.ring->rsp_prod += 7;
	guest.ring->rsp_cons = guest.ring->rsp_prod - 7;
	others_go_on();
}

static void reset_forgets_everything(void **state)
{
	uint32_t tx;

	(void)state;
	tx = begin(&guest);
	assert_int_equal(ask_strings(&guest, XS_WATCH, 0, "data", "t", NULL), 0);
	drop_events(&guest);
	reset_ring(&guest);
	assert_int_equal(ask_write(&guest, 0, "data", "1"), 0);
	must_get_none(&guest);
	assert_int_equal(end(&guest, tx, "T"), -ENOENT);
	world_restart(&w);
	assert_int_equal(ask_write(&guest, 0, "data", "2"), 0);
	must_get_none(&guest);
}

/* Requests without end whose answers nobody reads. */
static void flood_without_reading(void **state)
{
	struct xsd_sockmsg hdr = {XS_DIRECTORY, 1, 0, 2};
	size_t taken = 0;
	struct domain *d = domain_find(&w.srv, 1);

	(void)state;
	for (int i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "a-rather-long-name-%d", i);
		assert_int_equal(ask_write(&guest, 0, name, ""), 0);
	}
	hdr.len = sizeof("/local/domain/1");
	for (int i = 0; i < 10000; i++) {
		taken += guest_put(guest.ring, &hdr, sizeof(hdr));
		taken += guest_put(guest.ring, "/local/domain/1", hdr.len);
		if (guest.ring->req_prod - guest.ring->req_cons > 900)
			world_run(&w);
	}
	assert_true(d->conn->out_bytes > 0);
	assert_true(d->conn->out_bytes <= CONN_OUT_GUEST + CONN_MESSAGE_MAX);
	others_go_on();
}

/* Events without end: they are put off, and none is forgotten. */
static void events_without_reading(void **state)
{
	struct domain *d = domain_find(&w.srv, 1);
	char path[64];
	bool seen = false;
	uint32_t type;

	(void)state;
	assert_int_equal(ask_strings(&guest, XS_WATCH, 0, "in", "t", NULL), 0);
	drop_events(&guest);
	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/in/%d", i);
		assert_int_equal(ask_write(&dom0, 0, path, ""), 0);
	}
	assert_true(d->conn->out_bytes <= CONN_OUT_GUEST + CONN_MESSAGE_MAX);
	assert_true(d->conn->watches->put_off);
	world_restart(&w);
	client_close(&dom0);
	client_socket(&dom0, &w);
	assert_false(client_receive(&guest, 0, &type));
	for (size_t i = 0; i < guest.event_count; i++)
		seen |= !strcmp(guest.events[i].path, "in");
	assert_true(seen);
	assert_int_equal(ask_write(&guest, 0, "in/1", "1"), 0);
	drop_events(&guest);
}

static void same_event_is_queued_once(void **state)
{
	struct domain *d = domain_find(&w.srv, 1);

	(void)state;
	assert_int_equal(ask_strings(&guest, XS_WATCH, 0, "in", "t", NULL), 0);
	drop_events(&guest);
	/* Fill the ring, so that what follows is queued. */
	for (int i = 0; i < 2000; i++)
		assert_int_equal(ask_write(&dom0, 0, "/local/domain/1/in", ""), 0);
	assert_true(d->conn->out_bytes < 200);
}

static void one_request_at_a_time_of_many(void **state)
{
	struct xsd_sockmsg hdr = {XS_READ, 1, 0, 6};

	(void)state;
	/* More in the ring than one turn takes: the turn ends all the same. */
	for (int i = 0; i < 40; i++) {
		guest_put(guest.ring, &hdr, sizeof(hdr));
		guest_put(guest.ring, "/tool", 6);
	}
	server_work(&w.srv);
	assert_true(server_busy(&w.srv));
	world_run(&w);
	assert_int_equal(guest.ring->req_cons, guest.ring->req_prod);
}

static void late_domain_is_connected(void **state)
{
	struct client late;

	(void)state;
	w.dom[4].ring.connection = XENSTORE_RECONNECT;
	w.dom[4].ring.rsp_prod = 77;
	client_ring(&late, &w, 4);
	assert_int_equal(late.ring->connection, XENSTORE_CONNECTED);
	assert_true(w.dom[4].notified > 0);
	assert_int_equal(late.ring->server_features, 3);
	must_read(&late, 0, "x", NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_request_index),
		TEST(bad_answer_index),
		TEST(message_too_long),
		TEST(our_indices_are_not_believed),
		TEST(reset_forgets_everything),
		TEST(flood_without_reading),
		TEST(events_without_reading),
		TEST(same_event_is_queued_once),
		TEST(one_request_at_a_time_of_many),
		TEST(late_domain_is_connected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
