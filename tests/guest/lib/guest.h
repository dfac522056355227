/*
 * What every test kernel may use. A test is one folder with a main.c that
 * defines test_main(); its first comment tells its story. The library boots
 * the kernel, finds the hypervisor, sets a console up, calls test_main() and
 * reports the worst verdict as the last line: "Test result: SUCCESS", SKIP,
 * ERROR (the test itself could not do its work) or FAILURE.
 *
 * The same kernel runs as dom0 (first module) or as a domU that the runner
 * makes; in a domU the runner prints the last line, after it has seen the
 * domain die and its memory come back.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "cpu.h"
#include "hypercall.h"
#include "mailbox.h"

#define PAGE_SIZE     4096ul
#define PAGE_ALIGNED  __attribute__((aligned(4096)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Verdicts, worst last. */
enum verdict { V_SUCCESS, V_SKIP, V_ERROR, V_FAILURE };

/* Each test's own. */
void test_main(void);

/* Raise the verdict and say why; they return. */
void test_failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void test_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reports the verdict so far and ends the domain. */
void test_end(void) __attribute__((noreturn));

/* Runs one part of a test and names it, so that a log tells where silence began. */
#define RUN(part) (printf("- " #part "\n"), part())

/* Compares a result with what is expected and says so if it differs. */
long expect_value(const char *where, const char *what, long got, long want);
long expect_either(const char *where, const char *what, long got, long a, long b);
bool expect_true(const char *where, const char *what, bool ok);

#define STR2(x) #x
#define STR(x)	STR2(x)
#define WHERE	__FILE_NAME__ ":" STR(__LINE__)

#define EXPECT(expr, want) expect_value(WHERE, #expr, (long)(expr), (long)(want))
#define EXPECT_OR(expr, a, b) \
	expect_either(WHERE, #expr, (long)(expr), (long)(a), (long)(b))
#define CHECK(cond) expect_true(WHERE, #cond, cond)

/* Text: to the PV console in a domU, to the hypervisor's in dom0, else to 0xE9. */
void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void console_write(const char *text, size_t len);
void console_init(void);
void console_to_port(void);

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
const char *strstr(const char *hay, const char *needle);

/* The command line: is the word there; its number after "word=". */
bool cmdline_has(const char *word);
unsigned long cmdline_value(const char *word, unsigned long otherwise);
extern const char *cmdline;

/* Facts found at boot. */
extern struct hvm_start_info *start_info;
extern uint32_t hv_base; /* first hypervisor CPUID leaf, 0 = none */
extern bool is_dom0;
extern uint64_t entry_tsc; /* TSC at the kernel's first instruction */
extern char image_end[];

/* On the reference hypervisor: a few checks that it answers otherwise are left out. */
#define on_reference() cmdline_has("reference")

/* Our domain's id by CPUID leaf base+4, -1 when it does not tell. */
int own_domid(void);

/* shared_info and the grant table, mapped at boot over pages of our image. */
extern struct shared_info shared_info;
extern grant_entry_v1_t grant_table[PAGE_SIZE / sizeof(grant_entry_v1_t)];
long map_special(unsigned int space, unsigned long idx, unsigned long gfn);

/* Makes @gfn ours a gift to @domid; readonly as given. */
void grant_access(unsigned int ref, domid_t domid, const void *page, bool readonly);
bool grant_end_access(unsigned int ref);

#define gfn_of(p) ((unsigned long)(p) / PAGE_SIZE)

/* Event channels without upcalls: the pending bits, read and cleared. */
bool event_pending(evtchn_port_t port);
void event_clear(evtchn_port_t port);
/* Upcalls by vector (HVM_PARAM_CALLBACK_IRQ); counts them per vCPU. */
long event_upcall_init(unsigned int vector);
extern volatile unsigned int event_upcalls[MAX_CPUS];

/* Nanoseconds since the hypervisor's start, by the vCPU 0 time page. */
uint64_t now_ns(void);
/* Waits (yielding) until cond or the time is up; gives cond. */
#define WAIT_FOR(cond, ms)                                  \
	({                                                  \
		uint64_t end_ = now_ns() + (ms)*1000000ull; \
		bool ok_;                                   \
		while (!(ok_ = (cond)) && now_ns() < end_)  \
			hv_sched_yield();                   \
		ok_;                                        \
	})

/* Virtual addresses: a window of 4 KiB pages over any frame. */
#define MAP_RO 0x1u
#define MAP_RW 0x3u
#define MAP_NP 0x0u
#define MAP_UC 0x10u
void *window_map(unsigned int slot, unsigned long gfn, unsigned int flags);
#define WINDOW_SLOTS 512
/* Identity-maps the GiB around @gpa (4 GiB and above). */
void map_high(uint64_t gpa);

/* RAM that belongs to nothing: first frame above our image. */
unsigned long free_gfn(void);

/* Addresses no hypercall may accept; see bad_pointers.c. */
struct bad_pointer {
	const char *name;
	void *ptr;
};
extern struct bad_pointer bad_pointers[];
unsigned int bad_pointers_init(void);
/* Readable but not writable, at least 2 KiB of zeros. */
void *readonly_zeros(void);
/* The last @n bytes before a page that is not mapped. */
void *straddle(size_t n);

/* Local APIC in either mode (apic.c). */
bool apic_is_x2(void);
void apic_set_mode(uint64_t bits); /* bits 11:10 of APIC_BASE */
uint32_t apic_read(unsigned int reg);
void apic_write(unsigned int reg, uint32_t val);
void apic_icr(uint32_t dest, uint32_t low);
void apic_eoi(void);

#endif
