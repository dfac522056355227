/*
 * Guest kernels: from a file to segments that can be put into a guest's memory.
 *
 * file -> (kernel_file.c) bytes -> bzImage? (kernel_bzimage.c) payload ->
 * (kernel_unpack.c) ELF -> (kernel_elf.c) struct kernel_image.
 *
 * Everything here is hostile input. kernel_parse_elf(), kernel_find_payload()
 * and kernel_unpack() are pure functions on buffers: they read nothing outside
 * the buffer and promise nothing about an image they refuse.
 */
#ifndef LIBDOM_KERNEL_H
#define LIBDOM_KERNEL_H

#include "libdom/libdom.h"

#define KERNEL_MAX_SEGMENTS 32
#define KERNEL_MAX_UNPACKED (512u << 20)

struct kernel_segment {
	uint64_t paddr;	 /* where it goes in the guest */
	uint64_t memsz;	 /* bytes there; past filesz they are zero */
	uint64_t filesz; /* bytes taken from the image, <= memsz */
	uint64_t offset; /* ... from here */
};

struct kernel_image {
	struct kernel_segment seg[KERNEL_MAX_SEGMENTS]; /* ascending, disjoint */
	unsigned int nseg;				/* >= 1 */
	uint64_t entry;	    /* PHYS32_ENTRY; inside a segment, below 4 GiB */
	uint64_t low, high; /* all segments lie in [low, high), high <= 4 GiB */
	size_t used;	    /* bytes of the file that are needed to load it */
};

/*
 * ELF32 (i386) or ELF64 (x86-64) executable with the note PHYS32_ENTRY. name is
 * for messages. -ENOEXEC with a reason.
 */
int kernel_parse_elf(const uint8_t *data, size_t size, const char *name,
		     struct kernel_image *out, struct dom_error *err);

/* True when it looks like one; then kernel_find_payload() says more. */
bool kernel_is_elf(const uint8_t *data, size_t size);
bool kernel_is_bzimage(const uint8_t *data, size_t size);
/* The compressed kernel inside a bzImage, still within data. */
int kernel_find_payload(const uint8_t *data, size_t size, const char *name,
			const uint8_t **payload, size_t *len,
			struct dom_error *err);

/*
 * A payload is packed with xz, gzip, zstd or lz4, told by its first bytes, and
 * followed or ended by the 4-byte length of the result: first that length, then
 * the result into a buffer of exactly so many bytes.
 */
int kernel_unpacked_size(const uint8_t *payload, size_t len, const char *name,
			 size_t *size, struct dom_error *err);
int kernel_unpack(const uint8_t *payload, size_t len, const char *name,
		  uint8_t *out, size_t size, struct dom_error *err);

/* lz4 as Linux packs it (legacy frames); 0 or -EINVAL. (kernel_lz4.c) */
int lz4_unpack(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len,
	       size_t *done);

/* A kernel ready to be loaded. */
struct kernel_file {
	uint8_t *data; /* the ELF */
	size_t size;
	bool mapped;   /* with mmap(), otherwise malloc()ed */
	struct kernel_image image;
};
/*
 * Reads, unpacks and checks. An unpacked kernel is kept in
 * /run/basalt/kernels under the hash of what its file is known by, as long as
 * memory is plentiful, so that the next VM with it starts at once.
 */
int kernel_open(const char *path, struct kernel_file *out, struct dom_error *err);
void kernel_close(struct kernel_file *kernel);

/*
 * The cache (kernel_cache.c). key: 32 bytes. All results are mmap()ed. A kernel
 * is unpacked right into the file that may be kept (fd, nameless until then), so
 * that it is in memory once only; while memory is short, into memory alone (fd
 * -1). keep: only its first used bytes are needed from now on.
 */
int kernel_cache_get(const uint8_t key[32], uint8_t **data, size_t *size);
int kernel_cache_make(size_t size, uint8_t **data, int *fd);
void kernel_cache_keep(const uint8_t key[32], int fd, size_t used);

/* BLAKE2b with a 32-byte result, RFC 7693. (blake2b.c) */
void blake2b_256(const void *data, size_t len, uint8_t out[32]);

#endif
