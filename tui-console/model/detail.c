/* See detail.h. */
#include "model/detail.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/change.h"

#define DEVICES_EVERY 5 /* refreshes */
#define EVENTS_MAX    200
#define CONNECTED     4 /* XenbusState */
#define HOSTD_LOG     "/var/log/basalt/hostd.log"

void detail_init(struct detail *d, const char *name)
{
	snprintf(d->name, sizeof(d->name), "%s", name);
	logfile_init(&d->log, HOSTD_LOG);
}

static void drop_devices(struct detail *d)
{
	free(d->disks);
	free(d->nics);
	d->disks = NULL;
	d->nics = NULL;
	d->ndisks = d->nnics = 0;
}

void detail_free(struct detail *d)
{
	drop_devices(d);
	logfile_free(&d->log);
	free(d->events);
	vms_free(&d->vms);
}

static uint64_t size_of(const char *path)
{
	struct stat st;
	int fd;
	off_t end;

	if (stat(path, &st))
		return 0;
	if (S_ISREG(st.st_mode))
		return (uint64_t)st.st_size;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	end = lseek(fd, 0, SEEK_END);
	close(fd);
	return end > 0 ? (uint64_t)end : 0;
}

static const char *state_name(const struct dom_device *dev)
{
	return dev->front_state == CONNECTED && dev->back_state == CONNECTED
		       ? "connected" : "not connected";
}

static void put_disk(struct detail_disk *out, const char *vdev, const char *target,
		     bool cdrom, bool readonly)
{
	snprintf(out->vdev, sizeof(out->vdev), "%s", vdev);
	snprintf(out->target, sizeof(out->target), "%s", target && *target ? target
								    : "(empty)");
	snprintf(out->what, sizeof(out->what), "%s", cdrom ? "CD" : readonly ? "read only"
									      : "");
	out->state = "";
}

static void live_disks(struct detail *d, struct dom *dom)
{
	struct dom_disk *list;
	size_t n;

	if (dom_disks(dom, d->vm->domid, &list, &n, NULL))
		return;
	d->disks = calloc(n + 1, sizeof(*d->disks));
	for (size_t i = 0; d->disks && i < n; i++) {
		struct detail_disk *out = &d->disks[d->ndisks++];

		put_disk(out, list[i].vdev, list[i].target, list[i].cdrom,
			 list[i].readonly);
		out->bytes = list[i].bytes ? list[i].bytes : size_of(list[i].target);
		out->state = state_name(&list[i].dev);
	}
	free(list);
}

static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	if (len + strlen(text) + 2 <= size)
		snprintf(buf + len, size - len, "%s%s", len ? " " : "", text);
}

void detail_neighbours(const char *table, const char *mac, char *buf, size_t size)
{
	char ip[64], hw[32];

	for (const char *s = strchr(table, '\n'); s && s[1]; s = strchr(s + 1, '\n')) {
		if (sscanf(s + 1, "%63s %*s %*s %31s", ip, hw) == 2 && !strcasecmp(hw, mac))
			append(buf, size, ip);
	}
}

/* 8 bytes of time, then records of 36: expiry, address, MAC (6), name and padding. */
void detail_leases(const uint8_t *file, size_t len, const char *mac, char *buf,
		   size_t size)
{
	char hw[18], ip[16];

	for (size_t at = 8; at + 36 <= len; at += 36) {
		const uint8_t *a = file + at + 4, *m = file + at + 8;

		snprintf(hw, sizeof(hw), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			 m[3], m[4], m[5]);
		snprintf(ip, sizeof(ip), "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
		if (!strcasecmp(hw, mac))
			append(buf, size, ip);
	}
}

static void read_leases(struct detail_nic *nic)
{
	char path[64];
	uint8_t file[65536];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/run/net/guests.%s", nic->bridge);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, file, sizeof(file));
	close(fd);
	detail_leases(file, n > 0 ? (size_t)n : 0, nic->mac, nic->addresses,
		      sizeof(nic->addresses));
}

static void read_table(char *buf, size_t size)
{
	int fd = open("/proc/net/arp", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : 0;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
}

static void live_nics(struct detail *d, struct dom *dom)
{
	char table[8192];
	struct dom_vif *list;
	size_t n;

	if (dom_vifs(dom, d->vm->domid, &list, &n, NULL))
		return;
	read_table(table, sizeof(table));
	d->nics = calloc(n + 1, sizeof(*d->nics));
	for (size_t i = 0; d->nics && i < n; i++) {
		struct detail_nic *out = &d->nics[d->nnics++];

		memcpy(out->mac, list[i].mac, sizeof(out->mac));
		memcpy(out->bridge, list[i].bridge, sizeof(out->bridge));
		memcpy(out->ifname, list[i].ifname, sizeof(out->ifname));
		out->state = state_name(&list[i].dev);
		dom_addresses(dom, d->vm->domid, list[i].dev.devid, out->addresses,
			      sizeof(out->addresses));
		if (!*out->addresses)
			read_leases(out);
		if (!*out->addresses)
			detail_neighbours(table, out->mac, out->addresses,
					  sizeof(out->addresses));
		if (!*out->addresses)
			snprintf(out->addresses, sizeof(out->addresses), "%s", list[i].ip);
	}
	free(list);
}

static void put_config(struct detail *d, const struct vm_config *c, bool devices)
{
	snprintf(d->kernel, sizeof(d->kernel), "%s", c->from_disk ? "from its own disk"
								  : c->kernel);
	snprintf(d->cmdline, sizeof(d->cmdline), "%s", c->cmdline);
	if (!devices)
		return;
	d->disks = calloc(c->ndisks + 1, sizeof(*d->disks));
	for (size_t i = 0; d->disks && i < c->ndisks; i++) {
		const struct vm_disk *disk = &c->disks[i];
		struct detail_disk *out = &d->disks[d->ndisks++];

		put_disk(out, disk->vdev, disk->target, disk->cdrom, disk->readonly);
		if (disk->target)
			out->bytes = size_of(disk->target);
	}
	d->nics = calloc(c->nvifs + 1, sizeof(*d->nics));
	for (size_t i = 0; d->nics && i < c->nvifs; i++) {
		const uint8_t *m = c->vifs[i].mac;
		struct detail_nic *out = &d->nics[d->nnics++];

		if (c->vifs[i].has_mac)
			snprintf(out->mac, sizeof(out->mac), "%02x:%02x:%02x:%02x:%02x:%02x",
				 m[0], m[1], m[2], m[3], m[4], m[5]);
		snprintf(out->bridge, sizeof(out->bridge), "%s", c->vifs[i].bridge);
		out->state = "";
	}
}

static void read_devices(struct detail *d, struct dom *dom)
{
	struct definition def;
	struct vm_config cfg;

	drop_devices(d);
	d->kernel[0] = d->cmdline[0] = '\0';
	if (d->vm->domid && dom) {
		live_disks(d, dom);
		live_nics(d, dom);
		if (!dom_config(dom, d->vm->domid, &cfg, NULL)) {
			put_config(d, &cfg, false);
			config_free(&cfg);
		}
	} else if (!define_load(d->vms.define_dir, d->name, &def, NULL)) {
		put_config(d, &def.cfg, true);
		define_free(&def);
	}
}

static void read_events(struct detail *d)
{
	if (!logfile_poll(&d->log) && d->events)
		return;
	free(d->events);
	d->nevents = 0;
	d->events = calloc(EVENTS_MAX, sizeof(*d->events));
	if (!d->events)
		return;
	for (size_t i = d->log.n; i > 0 && d->nevents < EVENTS_MAX; i--) {
		if (logfile_names(d->log.lines[i - 1], d->name))
			d->events[d->nevents++] = d->log.lines[i - 1];
	}
}

int detail_refresh(struct detail *d, struct dom *dom, bool now, struct dom_error *err)
{
	int ret = vms_refresh(&d->vms, dom, err);

	d->vm = vms_find(&d->vms, d->name);
	if (d->vm && (now || d->age++ % DEVICES_EVERY == 0 ||
		      d->vm->domid != d->seen_domid)) {
		d->seen_domid = d->vm->domid;
		read_devices(d, dom);
	}
	read_events(d);
	return ret;
}

static void put_rate(double *out[DETAIL_SERIES], size_t i, const struct metrics_rate *r)
{
	const double values[DETAIL_SERIES] = { r->cpu, r->disk_read, r->disk_written,
					       r->net_in, r->net_out };

	for (size_t s = 0; s < DETAIL_SERIES; s++) {
		if (out[s])
			out[s][i] = values[s];
	}
}

size_t detail_history(const struct detail *d, double *out[DETAIL_SERIES], size_t cells)
{
	struct metrics_sample s[DETAIL_HISTORY + 1];
	size_t n, step, count;

	if (!d->vm || !d->vm->metrics || !cells)
		return 0;
	n = metrics_last(d->vm->metrics, s, DETAIL_HISTORY + 1);
	step = (DETAIL_HISTORY + cells - 1) / cells;
	count = n ? (n - 1) / step : 0;
	for (size_t i = 0; i < count; i++) {
		size_t to = n - 1 - (count - 1 - i) * step;
		struct metrics_rate r = metrics_rate(&s[to - step], &s[to]);

		put_rate(out, i, &r);
	}
	return count;
}
