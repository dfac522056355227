/*
 * fakehost: makes domains on the fake host and plays the guests in them.
 *
 *   fakehost add NAME MIB VCPUS LOAD [UUID]   a running domain with its nodes in
 *                                             xenstore; prints its id
 *   fakehost end ID REASON                    the guest has ended by itself
 *   fakehost load ID LOAD                     thousandths of one CPU
 *   fakehost guests                           runs: answers control/shutdown as a
 *                                             guest's kernel does
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "libdom/libdom.h"
#include "libxs/xs.h"

#define LOOK_US 50000

static int fail(const char *what)
{
	fprintf(stderr, "fakehost: %s\n", what);
	return 1;
}

static bool parse_uuid(const char *text, uint8_t uuid[16])
{
	unsigned int byte;
	size_t n = 0;

	for (; *text && n < 16; text += 2) {
		text += *text == '-';
		if (sscanf(text, "%2x", &byte) != 1)
			return false;
		uuid[n++] = (uint8_t)byte;
	}
	return n == 16;
}

static int add(struct fake_host *h, struct xs *xs, int argc, char **argv)
{
	struct fake_domain d = { .used = 1 };
	char path[96], uuid[DOM_UUID_TEXT_SIZE];
	unsigned int id = 1;

	if (argc < 4)
		return fail("add NAME MIB VCPUS LOAD [UUID]");
	while (id < FAKE_DOMAINS && h->domain[id].used)
		id++;
	if (id == FAKE_DOMAINS)
		return fail("no room for another domain");
	d.pages = d.max_pages = strtoull(argv[1], NULL, 10) << 8;
	d.vcpus = d.vcpus_online = (uint32_t)atoi(argv[2]);
	d.load = (uint32_t)atoi(argv[3]);
	d.uuid[0] = 0xfa;
	d.uuid[15] = (uint8_t)id;
	if (argc > 4 && !parse_uuid(argv[4], d.uuid))
		return fail("bad uuid");
	h->domain[id] = d;
	h->free_pages -= d.pages;
	dom_uuid_text(d.uuid, uuid);
	snprintf(path, sizeof(path), "/local/domain/%u/name", id);
	xs_printf(xs, XS_TX_NONE, path, "%s", argv[0]);
	snprintf(path, sizeof(path), "/local/domain/%u/vm", id);
	xs_printf(xs, XS_TX_NONE, path, "/vm/%s", uuid);
	snprintf(path, sizeof(path), "/vm/%s/start_time", uuid);
	xs_printf(xs, XS_TX_NONE, path, "%lld.00", (long long)time(NULL) - 3700);
	snprintf(path, sizeof(path), "/local/domain/%u/control/feature-poweroff", id);
	xs_printf(xs, XS_TX_NONE, path, "1");
	snprintf(path, sizeof(path), "/local/domain/%u/control/feature-reboot", id);
	xs_printf(xs, XS_TX_NONE, path, "1");
	printf("%u\n", id);
	return 0;
}

/* Wakes those who wait for a domain's end, as the store does on a real host. */
static void announce(struct xs *xs, unsigned int id)
{
	if (!xs_introduce(xs, id, 1, 1))
		xs_release(xs, id);
}

static void look(struct fake_host *h, struct xs *xs, unsigned int id)
{
	char path[64], word[16];

	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", id);
	if (xs_read(xs, XS_TX_NONE, path, word, sizeof(word)) <= 0)
		return;
	xs_write(xs, XS_TX_NONE, path, "", 0);
	usleep(300000);
	h->domain[id].reason = !strcmp(word, "reboot");
	h->domain[id].ended = 1;
	announce(xs, id);
}

static void guests(struct fake_host *h, struct xs *xs)
{
	for (;;) {
		for (unsigned int id = 1; id < FAKE_DOMAINS; id++) {
			if (h->domain[id].used && !h->domain[id].ended &&
			    !h->domain[id].paused)
				look(h, xs, id);
		}
		usleep(LOOK_US);
	}
}

int main(int argc, char **argv)
{
	struct fake_host *h = fake_host_open();
	unsigned int id = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;
	struct xs *xs;

	if (!h || xs_open(&xs, NULL))
		return fail("no host or no xenstored");
	if (argc > 2 && !strcmp(argv[1], "add"))
		return add(h, xs, argc - 2, argv + 2);
	if (argc == 2 && !strcmp(argv[1], "guests"))
		guests(h, xs);
	if (argc != 4 || id >= FAKE_DOMAINS || !h->domain[id].used)
		return fail("add, end ID REASON, load ID LOAD or guests");
	if (!strcmp(argv[1], "load")) {
		h->domain[id].load = (uint32_t)atoi(argv[3]);
		return 0;
	}
	h->domain[id].reason = (uint32_t)atoi(argv[3]);
	h->domain[id].ended = 1;
	announce(xs, id);
	return 0;
}
