/*
 * libhv against a hypervisor that is a few lines of C: the ioctls of privcmd are
 * answered here. What is checked is what libhv adds to a bare hypercall: batches,
 * continuation, the right words in the right fields, honest errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "libhv/priv.h"
#include <xen/hvm/hvm_op.h>

/* --- the other side ------------------------------------------------------- */

static struct {
	unsigned int calls;	/* hypercalls of any kind */
	unsigned int again;	/* how often still to answer -EAGAIN */
	uint64_t memory;	/* extents left to give */
	unsigned int order;	/* of the last populate_physmap */
	uint64_t last_gfn;	/* last frame asked for */
	unsigned int biggest;	/* most extents in one hypercall */
	struct xen_domctl domctl;
	uint64_t mapped;	/* frames named in map requests */
	int map_error;
} hyp;

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
void *__wrap_mmap(void *a, size_t len, int prot, int flags, int fd, off_t off);
int __wrap_munmap(void *a, size_t len);
int __wrap_ioctl(int fd, unsigned long req, ...);
void *__real_mmap(void *a, size_t len, int prot, int flags, int fd, off_t off);
int __real_munmap(void *a, size_t len);

int __wrap_open(const char *path, int flags, ...)
{
	(void)flags;
	if (strcmp(path, "/dev/xen/privcmd") == 0)
		return 1000;
	if (strcmp(path, "/dev/xen/hypercall") == 0)
		return 1001;
	errno = ENOENT;
	return -1;
}

int __wrap_close(int fd)
{
	assert_true(fd == 1000 || fd == 1001);
	return 0;
}

void *__wrap_mmap(void *a, size_t len, int prot, int flags, int fd, off_t off)
{
	if (fd == 1000 || fd == 1001) {
		flags = MAP_PRIVATE | MAP_ANONYMOUS;
		fd = -1;
	}
	return __real_mmap(a, len, prot, flags, fd, off);
}

int __wrap_munmap(void *a, size_t len)
{
	return __real_munmap(a, len);
}

static int domctl(struct xen_domctl *op)
{
	assert_int_equal(op->interface_version, 0x15);
	hyp.domctl = *op;
	if (hyp.again) {
		hyp.again--;
		return -EAGAIN;
	}
	if (op->cmd == XEN_DOMCTL_createdomain)
		op->domain = 7;
	/* only domain 7 exists; the next one is told for any id below */
	if (op->cmd == XEN_DOMCTL_getdomaininfo) {
		if (op->domain > 7)
			return -ESRCH;
		op->u.getdomaininfo.domain = 7;
		op->u.getdomaininfo.tot_pages = 77;
	}
	return 0;
}

static int populate(struct xen_memory_reservation *r)
{
	uint64_t n = r->nr_extents < hyp.memory ? r->nr_extents : hyp.memory;

	if (r->nr_extents > hyp.biggest)
		hyp.biggest = (unsigned int)r->nr_extents;
	hyp.order = r->extent_order;
	hyp.last_gfn = r->extent_start.p[r->nr_extents - 1];
	hyp.memory -= n;
	return (int)n;
}

static int hypercall(const struct privcmd_hypercall *c)
{
	struct xen_hvm_param *param;

	hyp.calls++;
	switch (c->op) {
	case __HYPERVISOR_domctl:
		return domctl((void *)(uintptr_t)c->arg[0]);
	case __HYPERVISOR_memory_op:
		assert_int_equal(c->arg[0], XENMEM_populate_physmap);
		return populate((void *)(uintptr_t)c->arg[1]);
	case __HYPERVISOR_hvm_op:
		param = (void *)(uintptr_t)c->arg[1];
		assert_int_equal(c->arg[0], HVMOP_get_param);
		param->value = param->index * UINT64_C(0x100000001);
		return 0;
	default:
		return -ENOSYS;
	}
}

static int map_frames(const struct privcmd_mmapbatch_v2 *m)
{
	unsigned int i;

	for (i = 0; i < m->num; i++)
		m->err[i] = 0;
	m->err[m->num - 1] = hyp.map_error;
	hyp.mapped += m->num;
	memset((void *)(uintptr_t)m->addr, 0xee, m->num * (size_t)HV_PAGE_SIZE);
	return 0;
}

int __wrap_ioctl(int fd, unsigned long req, ...)
{
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, req);
	arg = va_arg(ap, void *);
	va_end(ap);
	assert_int_equal(fd, 1000);
	if ((uint32_t)req == (uint32_t)PRIVCMD_HYPERCALL)
		ret = hypercall(arg);
	else if ((uint32_t)req == (uint32_t)PRIVCMD_MMAPBATCH_V2)
		ret = map_frames(arg);
	else
		ret = -EOPNOTSUPP;
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* --- the tests ------------------------------------------------------------ */

static int open_handle(void **state)
{
	struct hv *hv = NULL;

	memset(&hyp, 0, sizeof(hyp));
	assert_int_equal(hv_open(&hv), 0);
	*state = hv;
	return 0;
}

static int close_handle(void **state)
{
	struct hv *hv = *state;

	assert_int_equal(hv->used, 0); /* every buffer was given back */
	hv_close(hv);
	return 0;
}

static void a_new_domain_gets_its_id(void **state)
{
	struct xen_domctl_createdomain cfg = {.max_vcpus = 3};
	uint16_t domid = 0;

	assert_int_equal(hv_domain_create(*state, &cfg, &domid), 0);
	assert_int_equal(domid, 7);
	assert_int_equal(hyp.domctl.u.createdomain.max_vcpus, 3);
}

/* The hypervisor tells of the next domain: that is not the one asked for. */
static void another_domain_is_not_this_one(void **state)
{
	struct xen_domctl_getdomaininfo info;

	assert_int_equal(hv_domain_info(*state, 5, &info), -ESRCH);
	assert_int_equal(hv_domain_info(*state, 8, &info), -ESRCH);
	assert_int_equal(hv_domain_info(*state, 7, &info), 0);
	assert_int_equal(info.tot_pages, 77);
}

static void long_work_is_continued(void **state)
{
	hyp.again = 5;
	assert_int_equal(hv_domain_destroy(*state, 7), 0);
	assert_int_equal(hyp.calls, 6);
}

static void memory_is_given_in_batches(void **state)
{
	hyp.memory = 1u << 20;
	assert_int_equal(hv_populate(*state, 7, 0x1000, 2500, 9), 2500);
	assert_int_equal(hyp.order, 9);
	assert_int_equal(hyp.last_gfn, 0x1000 + 2499 * 512);
	assert_int_equal(hyp.biggest, 1024);
	assert_int_equal(hyp.calls, 3);
}

static void too_little_memory_is_a_short_count(void **state)
{
	hyp.memory = 1500;
	assert_int_equal(hv_populate(*state, 7, 0, 2500, 0), 1500);
	assert_int_equal(hv_populate(*state, 7, 1500, 1, 0), 0);
}

static void large_arguments_get_their_own_pages(void **state)
{
	size_t len = 200000;
	void *data = calloc(1, len);

	assert_int_equal(hv_context_set(*state, 7, data, len), 0);
	assert_int_equal(hyp.domctl.u.hvmcontext.size, len);
	free(data);
}

static void parameters_are_read(void **state)
{
	uint64_t value;

	assert_int_equal(hv_param_get(*state, 7, 17, &value), 0);
	assert_int_equal(value, UINT64_C(0x1100000011));
}

static void mapping_is_all_or_nothing(void **state)
{
	void *p;

	hyp.map_error = -ENOENT;
	assert_int_equal(hv_map(*state, 7, 100, 8, &p), -ENOENT);
	hyp.map_error = 0;
	assert_int_equal(hv_map(*state, 7, 100, 8, &p), 0);
	assert_int_equal(((uint8_t *)p)[8 * HV_PAGE_SIZE - 1], 0xee);
	hv_unmap(p, 8);
}

/* No gntdev here: the window must write through mappings. */
static void a_window_without_grants_maps(void **state)
{
	static const char data[3 * HV_PAGE_SIZE];
	struct hv_window *w;

	assert_int_equal(hv_window_open(*state, 7, &w), 0);
	assert_int_equal(hv_window_write(w, 0x1000ff0, data, sizeof(data)), 0);
	assert_int_equal(hyp.mapped, 4); /* it straddles four frames */
	hyp.map_error = -EINVAL;
	assert_int_equal(hv_window_write(w, 0x1000000, data, 1), -EINVAL);
	hv_window_close(w);
}

static void what_the_hypervisor_lacks_is_said(void **state)
{
	struct xen_sysctl_physinfo info;

	assert_int_equal(hv_physinfo(*state, &info), -ENOSYS);
	assert_int_equal(hv_map_grant_table(*state, 7, &(void *){NULL}), -EOPNOTSUPP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_handle, close_handle)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_domain_gets_its_id),
		TEST(another_domain_is_not_this_one),
		TEST(long_work_is_continued),
		TEST(memory_is_given_in_batches),
		TEST(too_little_memory_is_a_short_count),
		TEST(large_arguments_get_their_own_pages),
		TEST(parameters_are_read),
		TEST(mapping_is_all_or_nothing),
		TEST(a_window_without_grants_maps),
		TEST(what_the_hypervisor_lacks_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
