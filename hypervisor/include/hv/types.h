/*
 * Basic types of the hypervisor: frame numbers and addresses as types that do
 * not mix, error wrapping, compile-time helpers. Included by everything.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

/* Error numbers of the public ABI, by their plain names. */
enum hv_errno {
#define XEN_ERRNO(name, value) name = (value),
#include <xen/errno.h>
	/* Never seen by a guest: call again, there is more to do. */
	ERESTART = 85,
};

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

/* A machine frame: index of a 4 KiB frame of the host's physical memory. */
typedef struct {
	uint64_t v;
} mfn_t;

/* A guest frame: index of a 4 KiB frame of a domain's physical memory. */
typedef struct {
	uint64_t v;
} gfn_t;

/* A guest virtual (linear) address of the calling vCPU. */
typedef struct {
	uint64_t v;
} gva_t;

#define MFN(x)		((mfn_t){(uint64_t)(x)})
#define GFN(x)		((gfn_t){(uint64_t)(x)})
#define GVA(x)		((gva_t){(uint64_t)(x)})
#define INVALID_MFN	MFN(~0ull)
#define INVALID_GFN	GFN(~0ull)

static inline bool mfn_valid_value(mfn_t m)
{
	return m.v != ~0ull;
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.v == b.v;
}

static inline mfn_t mfn_add(mfn_t m, uint64_t n)
{
	return MFN(m.v + n);
}

static inline gfn_t gfn_add(gfn_t g, uint64_t n)
{
	return GFN(g.v + n);
}

static inline uint64_t mfn_to_addr(mfn_t m)
{
	return m.v << PAGE_SHIFT;
}

static inline mfn_t addr_to_mfn(uint64_t a)
{
	return MFN(a >> PAGE_SHIFT);
}

static inline uint64_t gfn_to_addr(gfn_t g)
{
	return g.v << PAGE_SHIFT;
}

static inline gfn_t addr_to_gfn(uint64_t a)
{
	return GFN(a >> PAGE_SHIFT);
}

static inline gva_t gva_add(gva_t a, uint64_t n)
{
	return GVA(a.v + n);
}

/* The address inside a public-ABI guest handle. */
#define HANDLE_GVA(h)	GVA((uintptr_t)(h).p)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define ROUNDUP(x, a)	(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define ROUNDDOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

#define must_check	__attribute__((warn_unused_result))
#define always_inline	inline __attribute__((always_inline))
#define noinline	__attribute__((noinline))
#define noreturn	__attribute__((noreturn))
#define packed		__attribute__((packed))
#define aligned(n)	__attribute__((aligned(n)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

#endif
