/*
 * The fake host of the console's tests: a file that all programs in the prepared
 * root map. It stands in for the hypervisor, behind libhv's functions (hv.c); xenstored,
 * libdom, hostd, xl and the console on top of it are the real ones. The program
 * `fakehost` (main.c) makes domains and plays the guests.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <stdint.h>

#define FAKE_HOST_FILE "/run/fakehost"
#define FAKE_DOMAINS   256 /* index is the domid; 0 is dom0 */
#define FAKE_CPUS      4

struct fake_domain {
	uint32_t used, paused, ended, reason;
	uint32_t vcpus, vcpus_online;
	uint64_t pages, max_pages;
	uint64_t cpu_ns;
	uint32_t load; /* thousandths of one CPU that it uses from now on */
	uint8_t uuid[16];
};

struct fake_host {
	uint64_t total_pages, free_pages;
	uint64_t idle_ns[FAKE_CPUS];
	uint64_t last_ns; /* when the clocks were moved last */
	struct fake_domain domain[FAKE_DOMAINS];
};

/* Maps the file (makes it when it is not there); NULL when that fails. */
struct fake_host *fake_host_open(void);
/* Moves all clocks to now. */
void fake_host_tick(struct fake_host *h);

#endif
