/*
 * Times the toolstack's and the back ends' paths from user space with the TSC,
 * through the kernel's own devices only (/dev/xen/...), so that it runs on any
 * hypervisor of the ABI. Used in the bench's dom0 and, for reads, in its guest.
 * Under QEMU's -icount shift=0 one tick is one instruction.
 *
 * usage: ops NAME [ARGUMENTS]; prints "BENCH <key> <instructions each>".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/evtchn.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>

/* <xen/privcmd.h> is installed, but includes a header that is not. */
struct privcmd_hypercall {
	__u64 op, arg[5];
};
#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define NO_SUCH_IOCTL	      0x5099
#define PAGE		      4096u

static uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static void die(const char *what)
{
	fprintf(stderr, "ops: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

static void tell(const char *key, uint64_t each)
{
	printf("BENCH %s %" PRIu64 "\n", key, each);
	fflush(stdout);
}

static void *map_page(int fd, off_t offset)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (page == MAP_FAILED)
		die("mmap");
	return page;
}

/* A hypercall less the ioctl that carries it. */
static void op_hypercall(char **args)
{
	struct privcmd_hypercall call = {.op = __HYPERVISOR_xen_version};
	int fd = open_device("/dev/xen/privcmd");
	unsigned int i, n = 20000;
	uint64_t begin, with, without;

	(void)args;
	for (i = 0; i < 100; i++)
		if (ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0)
			die("privcmd");
	begin = ticks();
	for (i = 0; i < n; i++)
		ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);
	with = ticks() - begin;
	begin = ticks();
	for (i = 0; i < n; i++)
		ioctl(fd, NO_SUCH_IOCTL, 0);
	without = ticks() - begin;
	tell("dom0_hypercall", (with - without) / n);
}

struct pair {
	int a, b;
	struct ioctl_evtchn_notify to_a, to_b;
};

static struct pair event_pair(void)
{
	struct ioctl_evtchn_bind_unbound_port unbound = {0};
	struct ioctl_evtchn_bind_interdomain inter = {0};
	struct pair p;
	int port;

	p.a = open_device("/dev/xen/evtchn");
	p.b = open_device("/dev/xen/evtchn");
	port = ioctl(p.a, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound);
	if (port < 0)
		die("bind unbound");
	inter.remote_port = (unsigned int)port;
	p.to_b.port = (unsigned int)port;
	port = ioctl(p.b, IOCTL_EVTCHN_BIND_INTERDOMAIN, &inter);
	if (port < 0)
		die("bind interdomain");
	p.to_a.port = (unsigned int)port;
	return p;
}

static void op_notify(char **args)
{
	struct pair p = event_pair();
	unsigned int i, n = 20000;
	uint64_t begin;

	(void)args;
	ioctl(p.a, IOCTL_EVTCHN_NOTIFY, &p.to_b);
	begin = ticks();
	for (i = 0; i < n; i++)
		ioctl(p.a, IOCTL_EVTCHN_NOTIFY, &p.to_b);
	tell("dom0_notify", (ticks() - begin) / n);
}

/* Takes one event and unmasks its port. */
static bool take(int fd)
{
	uint32_t port;

	return read(fd, &port, sizeof(port)) == sizeof(port) &&
	       write(fd, &port, sizeof(port)) == sizeof(port);
}

static void op_ping_pong(char **args)
{
	struct pair p = event_pair();
	unsigned int i, n = 5000;
	uint64_t begin;
	pid_t child = fork();

	(void)args;
	if (child < 0)
		die("fork");
	if (!child) {
		while (take(p.b))
			ioctl(p.b, IOCTL_EVTCHN_NOTIFY, &p.to_a);
		_exit(1);
	}
	begin = ticks();
	for (i = 0; i < n; i++) {
		ioctl(p.a, IOCTL_EVTCHN_NOTIFY, &p.to_b);
		if (!take(p.a))
			die("event");
	}
	tell("dom0_ping_pong", (ticks() - begin) / n);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void op_copy(char **args)
{
	struct ioctl_gntalloc_alloc_gref alloc = {.flags = GNTALLOC_FLAG_WRITABLE, .count = 1};
	struct gntdev_grant_copy_segment seg = {.len = PAGE, .flags = GNTCOPY_dest_gref};
	struct ioctl_gntdev_grant_copy copy = {.count = 1, .segments = &seg};
	int own = open_device("/dev/xen/gntalloc"), fd = open_device("/dev/xen/gntdev");
	unsigned int i, n = 5000;
	uint64_t begin;

	(void)args;
	if (ioctl(own, IOCTL_GNTALLOC_ALLOC_GREF, &alloc) < 0)
		die("gntalloc");
	memset(map_page(own, (off_t)alloc.index), 1, PAGE);
	seg.source.virt = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (seg.source.virt == MAP_FAILED)
		die("mmap");
	memset(seg.source.virt, 2, PAGE);
	seg.dest.foreign.ref = alloc.gref_ids[0];
	if (ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &copy) < 0 || seg.status)
		die("grant copy");
	begin = ticks();
	for (i = 0; i < n; i++)
		ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &copy);
	tell("dom0_copy_4k", (ticks() - begin) / n);
}

/* ops map DOMID REF: maps, touches and unmaps another domain's page. */
static void op_map(char **args)
{
	struct ioctl_gntdev_map_grant_ref map = {.count = 1};
	struct ioctl_gntdev_unmap_grant_ref unmap = {.count = 1};
	int fd = open_device("/dev/xen/gntdev");
	unsigned int i, n = 2000;
	volatile char *page;
	uint64_t begin;

	map.refs[0].domid = (uint32_t)atoi(args[0]);
	map.refs[0].ref = (uint32_t)atoi(args[1]);
	begin = ticks();
	for (i = 0; i < n; i++) {
		if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0)
			die("map");
		page = map_page(fd, (off_t)map.index);
		page[1]++;
		munmap((void *)page, PAGE);
		unmap.index = map.index;
		if (ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap) < 0)
			die("unmap");
	}
	tell("dom0_map_unmap", (ticks() - begin) / n);
}

/* ops read DEVICE SIZE COUNT KEY: reads past the page cache, one after another. */
static void op_read(char **args)
{
	size_t size = (size_t)atol(args[1]);
	unsigned int i, n = (unsigned int)atoi(args[2]);
	int fd = open(args[0], O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buf = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	uint64_t begin;

	if (fd < 0 || buf == MAP_FAILED)
		die(args[0]);
	memset(buf, 1, size);
	if (pread(fd, buf, size, 0) != (ssize_t)size)
		die("read");
	begin = ticks();
	for (i = 0; i < n; i++)
		if (pread(fd, buf, size, (off_t)(i * size % (64u << 20))) != (ssize_t)size)
			die("read");
	tell(args[3], (ticks() - begin) / n);
}

/* ops run KEY COMMAND...: how long a command takes. */
static void op_run(char **args)
{
	uint64_t begin = ticks();
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (!child) {
		execvp(args[1], args + 1);
		die(args[1]);
	}
	if (waitpid(child, &status, 0) < 0 || status) {
		fprintf(stderr, "ops: %s ended with %#x\n", args[1], status);
		exit(1);
	}
	tell(args[0], ticks() - begin);
}

/* ops first KEY FILE COMMAND...: from a command's start to the file's first byte. */
static void op_first(char **args)
{
	char buf[4096];
	struct stat st;
	int watch = inotify_init1(IN_CLOEXEC);
	uint64_t begin;
	pid_t child;

	if (watch < 0 || inotify_add_watch(watch, args[1], IN_MODIFY) < 0 ||
	    truncate(args[1], 0) < 0)
		die(args[1]);
	begin = ticks();
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		execvp(args[2], args + 2);
		die(args[2]);
	}
	do {
		if (read(watch, buf, sizeof(buf)) <= 0 || stat(args[1], &st) < 0)
			die(args[1]);
	} while (!st.st_size);
	tell(args[0], ticks() - begin);
	waitpid(child, NULL, 0);
}

static const struct {
	const char *name;
	int args; /* at least */
	void (*run)(char **args);
} ops[] = {
	{"hypercall", 0, op_hypercall}, {"notify", 0, op_notify},
	{"ping-pong", 0, op_ping_pong}, {"copy", 0, op_copy},
	{"map", 2, op_map},		{"read", 4, op_read},
	{"run", 2, op_run},		{"first", 3, op_first},
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(argv[1], ops[i].name) && argc - 2 >= ops[i].args) {
			ops[i].run(argv + 2);
			return 0;
		}
	fprintf(stderr, "usage: ops hypercall|notify|ping-pong|copy|map|read|run|first ...\n");
	return 2;
}
