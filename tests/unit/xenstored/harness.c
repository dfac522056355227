/*
 * A whole xenstored in the test's process: see harness.h.
 */
#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

static struct world *world_of(struct hv *hv)
{
	return hv->arg;
}

static int fake_bind(struct hv *hv, uint32_t domid, uint32_t port)
{
	struct fake_domain *d = &world_of(hv)->dom[domid];

	(void)port;
	assert_false(d->bound);
	d->bound = true;
	return (int)domid + 100;
}

static void fake_unbind(struct hv *hv, uint32_t local_port)
{
	struct fake_domain *d = &world_of(hv)->dom[local_port - 100];

	assert_true(d->bound);
	d->bound = false;
}

static void fake_notify(struct hv *hv, uint32_t local_port)
{
	world_of(hv)->dom[local_port - 100].notified++;
}

static int fake_map(struct hv *hv, uint32_t domid, uint64_t gfn,
		    struct xenstore_domain_interface **out)
{
	struct fake_domain *d;

	(void)gfn;
	if (domid >= FAKE_DOMAINS)
		return -ESRCH;
	d = &world_of(hv)->dom[domid];
	if (d->unmappable || d->state == DOMAIN_GONE)
		return -ESRCH;
	assert_false(d->mapped);
	d->mapped = true;
	*out = &d->ring;
	return 0;
}

static void fake_unmap(struct hv *hv, struct xenstore_domain_interface *ring)
{
	struct fake_domain *d = (struct fake_domain *)(void *)ring;

	(void)hv;
	assert_true(d->mapped);
	d->mapped = false;
}

static int fake_map_kernel(struct hv *hv, uint32_t *port,
			   struct xenstore_domain_interface **out)
{
	*port = 7;
	return fake_map(hv, 0, 0, out);
}

static enum domain_state fake_state(struct hv *hv, uint32_t domid)
{
	return world_of(hv)->dom[domid].state;
}

static unsigned int fake_read_events(struct hv *hv)
{
	(void)hv;
	return 0;
}

static const struct hv_ops fake_ops = {
	.bind = fake_bind,
	.unbind = fake_unbind,
	.notify = fake_notify,
	.map = fake_map,
	.unmap = fake_unmap,
	.map_kernel = fake_map_kernel,
	.state = fake_state,
	.read_events = fake_read_events,
};

void world_start(struct world *w)
{
	w->hv = (struct hv){.ops = &fake_ops, .arg = w, .backend = -1};
	server_init(&w->srv, &w->hv);
	assert_int_equal(server_start(&w->srv, w->dir), 0);
	w->running = true;
}

void world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	strcpy(w->dir, "/tmp/xenstored-test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	world_start(w);
}

void world_kill(struct world *w)
{
	/* The fake rings stay as they are, as a guest's memory does. */
	server_free(&w->srv);
	w->running = false;
}

void world_restart(struct world *w)
{
	world_kill(w);
	world_start(w);
}

void world_close(struct world *w)
{
	char path[512];
	struct dirent *e;
	DIR *dir;

	if (w->running)
		must_be_sound(w);
	world_kill(w);
	dir = opendir(w->dir);
	while ((e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", w->dir, e->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(w->dir);
}

void world_run(struct world *w)
{
	do {
		server_work(&w->srv);
		server_commit(&w->srv);
		server_flush(&w->srv);
	} while (server_busy(&w->srv));
}

void client_socket(struct client *c, struct world *w)
{
	int fds[2];

	memset(c, 0, sizeof(*c));
	c->w = w;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	c->fd = fds[0];
	server_add_client(&w->srv, fds[1]);
}

void client_ring(struct client *c, struct world *w, uint32_t domid)
{
	struct client *dom0 = calloc(1, sizeof(*dom0));
	char path[64], id[16], owner[16];

	memset(c, 0, sizeof(*c));
	c->w = w;
	c->fd = -1;
	c->ring = &w->dom[domid].ring;
	snprintf(id, sizeof(id), "%u", domid);
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	snprintf(owner, sizeof(owner), "n%u", domid);
	client_socket(dom0, w);
	assert_int_equal(ask_strings(dom0, XS_MKDIR, 0, path, NULL), 0);
	assert_int_equal(ask_strings(dom0, XS_SET_PERMS, 0, path, owner, NULL), 0);
	assert_int_equal(ask_strings(dom0, XS_INTRODUCE, 0, id, "1000", "5", NULL), 0);
	client_close(dom0);
	world_run(w);
	free(dom0);
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

size_t guest_put(struct xenstore_domain_interface *ring, const void *data, size_t len)
{
	const char *from = data;
	size_t room = XENSTORE_RING_SIZE - (ring->req_prod - ring->req_cons);

	if (len > room)
		len = room;
	for (size_t i = 0; i < len; i++)
		ring->req[MASK_XENSTORE_IDX(ring->req_prod + i)] = from[i];
	ring->req_prod += (uint32_t)len;
	return len;
}

size_t guest_take(struct xenstore_domain_interface *ring, void *data, size_t max)
{
	char *to = data;
	size_t len = ring->rsp_prod - ring->rsp_cons;

	assert_true(len <= XENSTORE_RING_SIZE);
	if (len > max)
		len = max;
	for (size_t i = 0; i < len; i++)
		to[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons + i)];
	ring->rsp_cons += (uint32_t)len;
	return len;
}

void client_send(struct client *c, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n;

		if (c->ring)
			n = (ssize_t)guest_put(c->ring, at, len);
		else
			n = send(c->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EPIPE) {
			c->closed = true;
			return;
		}
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
		world_run(c->w);
	}
}

/* Exactly len bytes, running the daemon meanwhile; false: nothing comes. */
static bool take(struct client *c, void *to, size_t len)
{
	char *at = to;

	for (int idle = 0; len && idle < 3;) {
		ssize_t n;

		if (c->ring)
			n = (ssize_t)guest_take(c->ring, at, len);
		else
			n = recv(c->fd, at, len, MSG_DONTWAIT);
		if (n > 0) {
			at += n;
			len -= (size_t)n;
			idle = 0;
			continue;
		}
		if (n == 0 && !c->ring)
			c->closed = true;
		world_run(c->w);
		idle++;
	}
	return !len;
}

static void keep_event(struct client *c, size_t len)
{
	struct event *e = &c->events[c->event_count++];
	size_t path = strlen(c->answer);

	assert_true(c->event_count < EVENTS);
	assert_true(path + 2 <= len);
	assert_true(path < sizeof(e->path));
	memcpy(e->path, c->answer, path + 1);
	snprintf(e->token, sizeof(e->token), "%s", c->answer + path + 1);
}

bool client_receive(struct client *c, uint32_t req_id, uint32_t *type)
{
	struct xsd_sockmsg hdr;

	while (take(c, &hdr, sizeof(hdr))) {
		assert_true(hdr.len <= XENSTORE_PAYLOAD_MAX);
		assert_true(take(c, c->answer, hdr.len));
		c->answer[hdr.len] = 0;
		if (hdr.type == XS_WATCH_EVENT) {
			assert_int_equal(hdr.req_id, 0);
			assert_int_equal(hdr.tx_id, 0);
			keep_event(c, hdr.len);
			continue;
		}
		assert_int_equal(hdr.req_id, req_id);
		c->len = hdr.len;
		*type = hdr.type;
		return true;
	}
	return false;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++)
		if (!strcmp(name, xsd_errors[i].errstring))
			return -xsd_errors[i].errnum;
	fail_msg("unknown error %s", name);
	return 0;
}

int ask(struct client *c, uint32_t type, uint32_t tx, const void *data, size_t len)
{
	struct xsd_sockmsg hdr = {type, ++c->req_id, tx, (uint32_t)len};
	char msg[sizeof(hdr) + XENSTORE_PAYLOAD_MAX];
	uint32_t got;

	assert_true(len <= XENSTORE_PAYLOAD_MAX);
	memcpy(msg, &hdr, sizeof(hdr));
	if (len)
		memcpy(msg + sizeof(hdr), data, len);
	client_send(c, msg, sizeof(hdr) + len);
	assert_true(client_receive(c, c->req_id, &got));
	if (got == XS_ERROR)
		return error_number(c->answer);
	assert_int_equal(got, type);
	return 0;
}

int ask_strings(struct client *c, uint32_t type, uint32_t tx, ...)
{
	char data[XENSTORE_PAYLOAD_MAX];
	size_t len = 0;
	const char *s;
	va_list ap;

	va_start(ap, tx);
	while ((s = va_arg(ap, const char *))) {
		assert_true(len + strlen(s) + 1 <= sizeof(data));
		strcpy(data + len, s);
		len += strlen(s) + 1;
	}
	va_end(ap);
	return ask(c, type, tx, data, len);
}

int ask_write(struct client *c, uint32_t tx, const char *path, const char *value)
{
	char data[XENSTORE_PAYLOAD_MAX];
	size_t head = strlen(path) + 1;

	assert_true(head + strlen(value) <= sizeof(data));
	strcpy(data, path);
	memcpy(data + head, value, strlen(value));
	return ask(c, XS_WRITE, tx, data, head + strlen(value));
}

void must_read(struct client *c, uint32_t tx, const char *path, const char *value)
{
	int err = ask_strings(c, XS_READ, tx, path, NULL);

	if (!value) {
		assert_int_equal(err, -ENOENT);
		return;
	}
	assert_int_equal(err, 0);
	assert_string_equal(c->answer, value);
	assert_int_equal(c->len, strlen(value));
}

uint32_t begin(struct client *c)
{
	assert_int_equal(ask_strings(c, XS_TRANSACTION_START, 0, "", NULL), 0);
	return (uint32_t)strtoul(c->answer, NULL, 10);
}

int end(struct client *c, uint32_t tx, const char *how)
{
	return ask_strings(c, XS_TRANSACTION_END, tx, how, NULL);
}

static void collect(struct client *c)
{
	uint32_t type;

	assert_false(client_receive(c, 0, &type));
}

void must_get_event(struct client *c, const char *path, const char *token)
{
	size_t found = 0;

	collect(c);
	for (size_t i = 0; i < c->event_count; i++)
		found += !strcmp(c->events[i].path, path) &&
			 !strcmp(c->events[i].token, token);
	if (found != 1 || c->event_count != 1) {
		for (size_t i = 0; i < c->event_count; i++)
			print_error("event %s %s\n", c->events[i].path,
				    c->events[i].token);
		fail_msg("wanted one event %s %s", path, token);
	}
	c->event_count = 0;
}

void must_get_none(struct client *c)
{
	collect(c);
	assert_int_equal(c->event_count, 0);
}

void drop_events(struct client *c)
{
	collect(c);
	c->event_count = 0;
}

void must_be_sound(struct world *w)
{
	struct client *c = calloc(1, sizeof(*c));

	client_socket(c, w);
	assert_int_equal(ask_strings(c, XS_CONTROL, 0, "check", NULL), 0);
	client_close(c);
	world_run(w);
	free(c);
}
