/*
 * Access to the memory of the calling vCPU's guest by its virtual addresses
 * (translated with its CR3, or not at all without paging). 0 or -EFAULT; user
 * addresses are allowed, read-only pages refuse stores. A partial copy may have
 * been stored when -EFAULT comes back. Never read a guest field twice.
 */
#ifndef HV_GUEST_H
#define HV_GUEST_H

#include <hv/types.h>

int guest_read(void *dst, gva_t src, size_t len) must_check;
int guest_write(gva_t dst, const void *src, size_t len) must_check;
int guest_clear(gva_t dst, size_t len) must_check;

/* Element @i of an array of structures behind a public-ABI handle. */
#define guest_get(handle, i, p)                                              \
	guest_read(p, gva_add(HANDLE_GVA(handle), (uint64_t)(i) * sizeof(*(p))), sizeof(*(p)))
#define guest_put(handle, i, p)                                              \
	guest_write(gva_add(HANDLE_GVA(handle), (uint64_t)(i) * sizeof(*(p))), p, sizeof(*(p)))

/*
 * Reads a structure that 32-bit callers lay out differently, from its fields in
 * order: H, I, Q of 16, 32, 64 bits; L a long or handle; + begins an inner structure
 * with longs. In compat mode longs are 32 bits wide and nothing is aligned to more;
 * *dst is always in the 64-bit layout, up to its last field.
 */
int guest_read_fields(void *dst, gva_t src, const char *fields, bool compat) must_check;

/* Element @i of an array of the caller's longs: 4 bytes each in compat. */
int guest_read_long(gva_t array, uint64_t i, bool compat, uint64_t *out) must_check;
int guest_write_long(gva_t array, uint64_t i, bool compat, uint64_t value) must_check;

#endif
