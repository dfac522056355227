/*
 * Changes of a running VM: what is written for its guest, what is kept for its next
 * life, and that a failure on the way leaves both as they were. The world: xenstore is
 * a list of nodes, the VM is domain 7, its devices come and go at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/build.h"
#include "libdom/change.h"

/* --- xenstore ---------------------------------------------------------------- */

static struct {
	char path[160], value[64];
} nodes[64];
static size_t n_nodes;
static const char *write_fails; /* writes to a path with this in it fail */

static char *node(const char *path)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (strcmp(nodes[i].path, path) == 0)
			return nodes[i].value;
	return NULL;
}

static void set_node(const char *path, const char *value)
{
	char *old = node(path);

	if (!old) {
		assert_true(n_nodes < 64);
		snprintf(nodes[n_nodes].path, 160, "%s", path);
		old = nodes[n_nodes++].value;
	}
	snprintf(old, 64, "%s", value);
}

int xs_read(struct xs *x, xs_tx tx, const char *path, char *buf, size_t size)
{
	const char *value = node(path);

	(void)x;
	(void)tx;
	if (!value)
		return -ENOENT;
	snprintf(buf, size, "%s", value);
	return (int)strlen(value);
}

int xs_read_u64(struct xs *x, xs_tx tx, const char *path, uint64_t *out)
{
	const char *value = node(path);

	(void)x;
	(void)tx;
	if (!value)
		return -ENOENT;
	*out = strtoull(value, NULL, 10);
	return 0;
}

int xs_printf(struct xs *x, xs_tx tx, const char *path, const char *fmt, ...)
{
	char text[64];
	va_list ap;

	(void)x;
	(void)tx;
	if (write_fails && strstr(path, write_fails))
		return -ENOSPC;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	set_node(path, text);
	return 0;
}

int xs_rm(struct xs *x, xs_tx tx, const char *path)
{
	size_t len = strlen(path), i = 0;

	(void)x;
	(void)tx;
	while (i < n_nodes) {
		if (strncmp(nodes[i].path, path, len) || !strchr("/", nodes[i].path[len]))
			i++;
		else
			nodes[i] = nodes[--n_nodes];
	}
	return 0;
}

int xs_directory(struct xs *x, xs_tx tx, const char *path, struct xs_dir *dir)
{
	size_t len = strlen(path);

	(void)x;
	(void)tx;
	*dir = (struct xs_dir){.name = calloc(64, sizeof(char *))};
	for (size_t i = 0; i < n_nodes; i++) {
		const char *rest = nodes[i].path + len;
		char name[16];
		bool known = false;

		if (strncmp(nodes[i].path, path, len) || *rest != '/')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest + 1, "/"), rest + 1);
		for (size_t k = 0; k < dir->count; k++)
			known |= !strcmp(dir->name[k], name);
		if (!known)
			dir->name[dir->count++] = strdup(name);
	}
	if (dir->count)
		return 0;
	free(dir->name);
	return -ENOENT;
}

void xs_dir_free(struct xs_dir *dir)
{
	while (dir->count)
		free(dir->name[--dir->count]);
	free(dir->name);
}

int xs_tx_start(struct xs *x, xs_tx *tx)
{
	(void)x;
	*tx = 1;
	return 0;
}

int xs_tx_end(struct xs *x, xs_tx tx, int err)
{
	(void)x;
	(void)tx;
	return err;
}

/* --- the hypervisor and the devices ------------------------------------------- */

static struct dom_info info;
static uint64_t max_mem, free_kib;
static unsigned int pinned[4];
static uint16_t weight, cap;
static int attach_result;
static char attached[64];

int dom_get(struct dom *dom, uint32_t domid, struct dom_info *out, struct dom_error *err)
{
	(void)dom;
	(void)err;
	*out = info;
	return domid == 7 ? 0 : -ESRCH;
}

void domain_name(struct dom *dom, uint32_t domid, char name[DOM_NAME_SIZE])
{
	(void)dom;
	snprintf(name, DOM_NAME_SIZE, "%s", domid == 7 ? "web" : "");
}

void dom_uuid_text(const uint8_t uuid[16], char text[DOM_UUID_TEXT_SIZE])
{
	snprintf(text, DOM_UUID_TEXT_SIZE, "%02x", uuid[0]);
}

int dom_host(struct dom *dom, struct dom_host *out, struct dom_error *err)
{
	(void)dom;
	(void)err;
	*out = (struct dom_host){.free_kib = free_kib};
	return 0;
}

int hv_domain_set_max_mem(struct hv *hv, uint16_t domid, uint64_t kib)
{
	(void)hv;
	(void)domid;
	max_mem = kib;
	return 0;
}

int hv_vcpu_set_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu,
			 const uint8_t *hard, const uint8_t *soft, unsigned int bits)
{
	(void)hv;
	(void)domid;
	(void)soft;
	assert_int_equal(bits, CONFIG_PCPUS_MAX);
	if (hard && !(hard[0] & 3))
		return -EINVAL; /* the host has two */
	pinned[vcpu] = hard ? hard[0] : 99;
	return 0;
}

int dom_sched(struct dom *dom, uint32_t domid, unsigned int *w, unsigned int *c,
	      struct dom_error *err)
{
	(void)dom;
	(void)domid;
	(void)err;
	*w = weight;
	*c = cap;
	return 0;
}

int hv_sched_set(struct hv *hv, uint16_t domid, uint16_t w, uint16_t c)
{
	(void)hv;
	(void)domid;
	weight = w;
	cap = c;
	return 0;
}

void device_paths(const struct device *d, char *front, char *back)
{
	snprintf(front, STORE_PATH_MAX, "/f/%s/%u", d->type, d->id);
	snprintf(back, STORE_PATH_MAX, "/local/domain/0/backend/%s/%u/%u", d->type, d->domid,
		 d->id);
}

static void add_device(const char *type, uint32_t id, const char *key, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/7/%u/state", type, id);
	set_node(path, "4");
	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/7/%u/%s", type, id, key);
	set_node(path, value);
	snprintf(attached, sizeof(attached), "%s %u %s", type, id, value);
}

static void take_device(const char *type, uint32_t id)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/7/%u", type, id);
	xs_rm(NULL, 0, path);
	snprintf(attached, sizeof(attached), "%s %u gone", type, id);
}

int disk_check(struct dom *dom, const struct vm_disk *disk, struct dom_error *err)
{
	(void)dom;
	(void)disk;
	(void)err;
	return 0;
}

int disk_attach(struct dom *dom, uint32_t domid, const struct vm_disk *disk,
		struct dom_error *err)
{
	(void)dom;
	(void)domid;
	if (attach_result)
		return dom_fail(err, attach_result, "no");
	add_device("vbd", disk->devid, "params", disk->target);
	return 0;
}

void disk_detach(struct dom *dom, uint32_t domid, uint32_t devid)
{
	(void)dom;
	(void)domid;
	take_device("vbd", devid);
}

int vif_check(const struct vm_vif *vif, struct dom_error *err)
{
	(void)vif;
	(void)err;
	return 0;
}

int vif_fill_macs(struct dom *dom, struct vm_config *cfg, struct dom_error *err)
{
	(void)dom;
	(void)err;
	for (size_t i = 0; i < cfg->nvifs; i++) {
		if (!cfg->vifs[i].has_mac)
			memcpy(cfg->vifs[i].mac, "\x00\x16\x3e\x11\x22\x33", 6);
		cfg->vifs[i].has_mac = true;
	}
	return 0;
}

int vif_attach(struct dom *dom, uint32_t domid, const struct vm_vif *vif,
	       struct dom_error *err)
{
	(void)dom;
	(void)domid;
	if (attach_result)
		return dom_fail(err, attach_result, "no");
	add_device("vif", vif->devid, "bridge", vif->bridge);
	return 0;
}

void vif_detach(struct dom *dom, uint32_t domid, uint32_t devid)
{
	(void)dom;
	(void)domid;
	take_device("vif", devid);
}

/* --- the VM ------------------------------------------------------------------ */

static struct dom dom;
static const uint8_t uuid[16] = {0xab};

static int runs(void **state)
{
	static const char text[] =
		"name='web'\nuuid='ab000000-0000-0000-0000-000000000000'\n"
		"kernel='/k'\nmemory=256\nmaxmem=512\nvcpus=2\nmaxvcpus=4\n"
		"disk=['/a,raw,xvda,w']\nvif=['mac=00:16:3e:00:00:01,bridge=br0']\n";
	struct config_input in = {.file = "t", .text = text, .len = sizeof(text) - 1};
	struct vm_config cfg;
	int ret;

	(void)state;
	n_nodes = 0;
	write_fails = NULL;
	attach_result = 0;
	free_kib = 128 << 10;
	max_mem = 0;
	weight = 256;
	cap = 0;
	memset(pinned, 0, sizeof(pinned));
	info = (struct dom_info){.domid = 7, .mem_kib = 257 << 10,
				 .maxmem_kib = 513 << 10, .vcpus_max = 4};
	memcpy(info.uuid, uuid, 16);
	set_node("/local/domain/7/memory/target", "262144");
	add_device("vbd", 51712, "params", "/a");
	add_device("vif", 0, "bridge", "br0");
	attached[0] = '\0';
	ret = config_parse(&in, &cfg);
	if (ret == 0)
		ret = record_save(&cfg, NULL);
	config_free(&cfg);
	return ret;
}

static void record(struct vm_config *cfg)
{
	assert_int_equal(record_load(uuid, cfg, NULL), 0);
}

static void assert_node(const char *path, const char *want)
{
	assert_non_null(node(path));
	assert_string_equal(node(path), want);
}

#define TARGET "/local/domain/7/memory/target"

static void memory_target(void **state)
{
	struct vm_config cfg;
	struct dom_error err;

	(void)state;
	assert_int_equal(dom_mem_set(&dom, 7, 128 << 10, NULL), 0);
	assert_node(TARGET, "131072");
	assert_int_equal(max_mem, 129 << 10);
	record(&cfg);
	assert_int_equal(cfg.memory_mib, 128);
	assert_int_equal(cfg.maxmem_mib, 512);
	config_free(&cfg);
	/* up again, to the maximum of its configuration, as far as the host has it */
	assert_int_equal(dom_mem_set(&dom, 7, 384 << 10, NULL), 0);
	assert_int_equal(max_mem, 385 << 10);
	assert_int_equal(dom_mem_set(&dom, 7, 512 << 10, &err), -ENOMEM);
	assert_non_null(strstr(err.text, "only 128 MiB free"));
	assert_int_equal(dom_mem_set(&dom, 7, 513 << 10, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than its maximum, 512 MiB"));
	assert_int_equal(dom_mem_set(&dom, 7, 4 << 10, &err), -EINVAL);
	assert_node(TARGET, "393216");
	write_fails = "target";
	assert_int_equal(dom_mem_set(&dom, 7, 128 << 10, &err), -ENOSPC);
	record(&cfg);
	assert_int_equal(cfg.memory_mib, 384);
	config_free(&cfg);
}

static void memory_maximum(void **state)
{
	struct dom_error err;

	(void)state;
	free_kib = 2048 << 10;
	assert_int_equal(dom_mem_max(&dom, 7, 128 << 10, &err), -EINVAL);
	assert_non_null(strstr(err.text, "256 MiB now"));
	assert_int_equal(dom_mem_max(&dom, 7, 1024 << 10, NULL), 0);
	assert_int_equal(dom_mem_set(&dom, 7, 1024 << 10, NULL), 0);
	assert_int_equal(dom_mem_set(&dom, 7, 1025 << 10, &err), -EINVAL);
}

static void what_cannot_be_changed(void **state)
{
	struct dom_error err;

	(void)state;
	assert_int_equal(dom_mem_set(&dom, 0, 128 << 10, &err), -EINVAL);
	info.shutdown = true;
	assert_int_equal(dom_vcpu_set(&dom, 7, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "web: has ended"));
	assert_int_equal(dom_vcpu_set(&dom, 9, 1, NULL), -ESRCH);
	assert_int_not_equal(access(RUN_DIR "/vm-web.lock", F_OK), 0);
}

static void vcpus_in_use(void **state)
{
	struct vm_config cfg;

	(void)state;
	assert_int_equal(dom_vcpu_set(&dom, 7, 3, NULL), 0);
	assert_node("/local/domain/7/cpu/2/availability", "online");
	assert_node("/local/domain/7/cpu/3/availability", "offline");
	assert_int_equal(dom_vcpu_set(&dom, 7, 0, NULL), -EINVAL);
	assert_int_equal(dom_vcpu_set(&dom, 7, 5, NULL), -EINVAL);
	write_fails = "availability";
	assert_int_equal(dom_vcpu_set(&dom, 7, 1, NULL), -ENOSPC);
	record(&cfg);
	assert_int_equal(cfg.vcpus, 3);
	config_free(&cfg);
}

static void vcpus_pinned(void **state)
{
	struct vm_cpuset one = {{2}}, none = {{4}};
	struct vm_config cfg;
	struct dom_error err;

	(void)state;
	assert_int_equal(dom_vcpu_pin(&dom, 7, 1, &one, NULL, NULL), 0);
	assert_int_equal(pinned[1], 2);
	record(&cfg);
	assert_int_equal(cfg.nhard, 4);
	assert_true(cfg.hard[0].bits[0] == UINT64_MAX);
	assert_true(cfg.hard[1].bits[0] == 2);
	assert_int_equal(cfg.nsoft, 0);
	config_free(&cfg);
	assert_int_equal(dom_vcpu_pin(&dom, 7, 4, &one, NULL, NULL), -EINVAL);
	assert_int_equal(dom_vcpu_pin(&dom, 7, 0, &none, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "none of these CPUs exists"));
	assert_int_equal(dom_vcpu_pin(&dom, 7, DOM_ALL_VCPUS, &one, NULL, NULL), 0);
	assert_int_equal(pinned[0] + pinned[3], 4);
}

static void share_of_cpus(void **state)
{
	struct vm_config cfg;

	(void)state;
	assert_int_equal(dom_sched_set(&dom, 7, 512, -1, NULL), 0);
	assert_int_equal(dom_sched_set(&dom, 7, -1, 150, NULL), 0);
	assert_int_equal(weight, 512);
	assert_int_equal(cap, 150);
	record(&cfg);
	assert_int_equal(cfg.cpu_weight, 512);
	assert_int_equal(cfg.cap, 150);
	config_free(&cfg);
	assert_int_equal(dom_sched_set(&dom, 7, 0, -1, NULL), -EINVAL);
	assert_int_equal(dom_sched_set(&dom, 7, 65536, -1, NULL), -EINVAL);
	assert_int_equal(dom_sched_set(&dom, 7, -1, 401, NULL), -EINVAL);
	assert_int_equal(weight, 512);
}

/* --- devices ----------------------------------------------------------------- */

static struct vm_disk spare(const char *vdev)
{
	struct vm_disk disk;
	char problem[100], spec[64];

	snprintf(spec, sizeof(spec), "/b,raw,%s,w", vdev);
	assert_int_equal(config_parse_disk(spec, &disk, problem, sizeof(problem)), 0);
	return disk;
}

static void disk_comes_and_goes(void **state)
{
	struct vm_disk disk = spare("xvdb"), taken = spare("xvda");
	struct dom_disk *list;
	struct vm_config cfg;
	struct dom_error err;
	size_t n;

	(void)state;
	assert_int_equal(dom_disk_attach(&dom, 7, &taken, &err), -EEXIST);
	assert_int_equal(dom_disk_attach(&dom, 7, &disk, NULL), 0);
	assert_string_equal(attached, "vbd 51728 /b");
	record(&cfg);
	assert_int_equal(cfg.ndisks, 2);
	config_free(&cfg);
	assert_int_equal(dom_disks(&dom, 7, &list, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].target, "/a");
	assert_string_equal(list[1].target, "/b");
	assert_int_equal(list[1].dev.back_state, 4);
	assert_int_equal(list[1].dev.event_channel, -1);
	free(list);
	/* no sysfs entry: dom0's half is gone as soon as it is asked */
	assert_int_equal(dom_disk_detach(&dom, 7, 51728, false, NULL), 0);
	record(&cfg);
	assert_int_equal(cfg.ndisks, 1);
	assert_string_equal(cfg.disks[0].vdev, "xvda");
	config_free(&cfg);
	assert_int_equal(dom_disk_detach(&dom, 7, 51728, false, NULL), -ENOENT);
	config_free_disk(&disk);
	config_free_disk(&taken);
}

static bool rename_fails;

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	if (!rename_fails)
		return __real_rename(from, to);
	errno = EIO;
	return -1;
}

/* Neither a back end that fails nor a record that cannot be written leaves a disk. */
static void failed_attaching_leaves_nothing(void **state)
{
	struct vm_disk disk = spare("xvdb");
	struct vm_vif vif = {.devid = 1, .bridge = (char *)"br0"};
	struct vm_config cfg;

	(void)state;
	attach_result = -EIO;
	assert_int_equal(dom_disk_attach(&dom, 7, &disk, NULL), -EIO);
	assert_int_equal(dom_vif_attach(&dom, 7, &vif, NULL), -EIO);
	attach_result = 0;
	rename_fails = true;
	assert_int_equal(dom_disk_attach(&dom, 7, &disk, NULL), -EIO);
	assert_string_equal(attached, "vbd 51728 gone");
	assert_int_equal(dom_vif_attach(&dom, 7, &vif, NULL), -EIO);
	assert_string_equal(attached, "vif 1 gone");
	rename_fails = false;
	record(&cfg);
	assert_int_equal(cfg.ndisks, 1);
	assert_int_equal(cfg.nvifs, 1);
	config_free(&cfg);
	config_free_disk(&disk);
}

static void interface_gets_number_and_mac(void **state)
{
	struct vm_config cfg;
	struct dom_vif *list;
	struct vm_vif vif;
	char problem[100];
	size_t n;

	(void)state;
	assert_int_equal(config_parse_vif("bridge=br1", &vif, problem, 100), 0);
	assert_int_equal(dom_vif_attach(&dom, 7, &vif, NULL), -EEXIST);
	vif.devid = DOM_NEXT_DEVID;
	assert_int_equal(dom_vif_attach(&dom, 7, &vif, NULL), 0);
	assert_int_equal(vif.devid, 1);
	assert_true(vif.has_mac);
	assert_int_equal(vif.mac[3], 0x11);
	assert_string_equal(attached, "vif 1 br1");
	record(&cfg);
	assert_int_equal(cfg.nvifs, 2);
	assert_int_equal(cfg.vifs[1].mac[3], 0x11);
	config_free(&cfg);
	assert_int_equal(dom_vifs(&dom, 7, &list, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[1].ifname, "vif7.1");
	free(list);
	assert_int_equal(dom_vif_detach(&dom, 7, 0, true, NULL), 0);
	record(&cfg);
	assert_int_equal(cfg.nvifs, 1);
	assert_int_equal(cfg.vifs[0].devid, 1);
	config_free(&cfg);
	config_free_vif(&vif);
}

/* A VM that another toolstack made has no record: it changes all the same. */
static void without_record(void **state)
{
	struct vm_disk disk = spare("xvdb");
	struct vm_config cfg;

	(void)state;
	record_remove(uuid);
	assert_int_equal(dom_disk_attach(&dom, 7, &disk, NULL), 0);
	assert_int_equal(dom_mem_set(&dom, 7, 300 << 10, NULL), 0);
	assert_int_equal(dom_mem_set(&dom, 7, 513 << 10, NULL), -EINVAL);
	assert_int_equal(record_load(uuid, &cfg, NULL), -ENOENT);
	assert_int_equal(dom_config_update(&dom, 7, &cfg, NULL), -ENOENT);
	config_free_disk(&disk);
}

static void next_life(void **state)
{
	static const char text[] = "name='new'\nkernel='/k2'\nmemory=64\n";
	struct config_input in = {.file = "t", .text = text, .len = sizeof(text) - 1};
	struct vm_config cfg, kept;

	(void)state;
	assert_int_equal(config_parse(&in, &cfg), 0);
	assert_int_equal(dom_config_update(&dom, 7, &cfg, NULL), 0);
	record(&kept);
	assert_string_equal(kept.name, "web");
	assert_true(kept.has_uuid);
	assert_memory_equal(kept.uuid, uuid, 16);
	assert_string_equal(kept.kernel, "/k2");
	config_free(&kept);
	config_free(&cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(memory_target, runs),
		cmocka_unit_test_setup(memory_maximum, runs),
		cmocka_unit_test_setup(what_cannot_be_changed, runs),
		cmocka_unit_test_setup(vcpus_in_use, runs),
		cmocka_unit_test_setup(vcpus_pinned, runs),
		cmocka_unit_test_setup(share_of_cpus, runs),
		cmocka_unit_test_setup(disk_comes_and_goes, runs),
		cmocka_unit_test_setup(failed_attaching_leaves_nothing, runs),
		cmocka_unit_test_setup(interface_gets_number_and_mac, runs),
		cmocka_unit_test_setup(without_record, runs),
		cmocka_unit_test_setup(next_life, runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
