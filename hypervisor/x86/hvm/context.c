/*
 * XEN_DOMCTL_gethvmcontext and sethvmcontext: a domain's vCPUs as a stream of
 * records (xen/hvm/save.h). One table: a row writes its record and takes it
 * back. The domain is paused meanwhile.
 *
 * Loading copies the stream in once and goes over it twice: first every record
 * is looked at as far as can be without a change, then all are loaded. Only
 * vCPUs with a CPU record are up afterwards.
 */
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>
#include <x86/platform.h>

#include <xen/domctl.h>

#include "context.h"

#define STREAM_MAX_PER_VCPU (32u << 10)

typedef struct hvm_save_descriptor desc_t;
_Static_assert(sizeof(desc_t) == 8, "xen/hvm/save.h");

/*
 * The order is that of Xen's streams. load(check = true) changes nothing;
 * lengths outside [min, max] are refused before it.
 */
static const struct record {
	uint16_t code;
	bool per_vcpu;
	uint32_t min;
	bool sized_by_host;	/* may be longer: XSAVE, MSR */
	record_save *save;
	record_load *load;
} records[] = {
	{HVM_SAVE_CODE(CPU), true, HVM_SAVE_LENGTH(CPU), false, cpu_save, cpu_load},
	{HVM_SAVE_CODE(LAPIC), true, HVM_SAVE_LENGTH(LAPIC), false, lapic_save,
	 lapic_load},
	{HVM_SAVE_CODE(LAPIC_REGS), true, HVM_SAVE_LENGTH(LAPIC_REGS), false,
	 lapic_regs_save, lapic_regs_load},
	{HVM_SAVE_CODE(MTRR), true, HVM_SAVE_LENGTH(MTRR), false, mtrr_save, mtrr_load},
	{CPU_XSAVE_CODE, true, XSAVE_RECORD_MIN, true, xsave_save, xsave_load},
	{HVM_SAVE_CODE(VMCE_VCPU), true, HVM_SAVE_LENGTH(VMCE_VCPU), false,
	 NULL, vmce_load},
	{HVM_SAVE_CODE(TSC_ADJUST), true, HVM_SAVE_LENGTH(TSC_ADJUST), false,
	 tsc_adjust_save, tsc_adjust_load},
	{CPU_MSR_CODE, true, offsetof(struct hvm_msr, msr), true, NULL, msr_load},
};

static const struct record *find_record(uint16_t code)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(records); i++)
		if (records[i].code == code)
			return &records[i];
	return NULL;
}

/* --- save -------------------------------------------------------------------- */

struct stream {
	uint8_t *buf;	/* NULL: only count */
	uint32_t at, size;
};

static void put(struct stream *s, uint16_t code, uint16_t instance,
		const void *data, uint32_t len)
{
	desc_t d = {code, instance, len};

	if (s->buf && s->at + sizeof(d) + len <= s->size) {
		memcpy(s->buf + s->at, &d, sizeof(d));
		memcpy(s->buf + s->at + sizeof(d), data, len);
	}
	s->at += (uint32_t)sizeof(d) + len;
}

static void put_header(struct stream *s)
{
	struct hvm_save_header h = {
		.magic = HVM_FILE_MAGIC,
		.version = HVM_FILE_VERSION,
		.cpuid = cpuid(1, 0).a,
		.gtsc_khz = (uint32_t)tsc_khz,
	};

	put(s, HVM_SAVE_CODE(HEADER), 0, &h, sizeof(h));
}

static void put_record(struct stream *s, const struct record *r,
		       struct vcpu *v, void *scratch)
{
	uint32_t len = r->save ? r->save(v, scratch) : 0;

	if (len)
		put(s, r->code, (uint16_t)v->id, scratch, len);
}

static void put_all(struct domain *d, struct stream *s, void *scratch)
{
	put_header(s);
	for (unsigned int i = 0; i < ARRAY_SIZE(records); i++)
		for_each_vcpu(d, v)
			put_record(s, &records[i], v, scratch);
	put(s, HVM_SAVE_CODE(END), 0, NULL, 0);
}

int hvm_context_get(struct domain *d, struct xen_domctl_hvmcontext *c)
{
	uint64_t buffer = HANDLE_GVA(c->buffer).v;
	struct stream s = {.size = d->max_vcpus * STREAM_MAX_PER_VCPU};
	void *scratch = heap_alloc(record_scratch_size());
	int err = scratch ? 0 : -ENOMEM;

	if (!err && buffer) {
		s.buf = heap_alloc(s.size);
		err = s.buf ? 0 : -ENOMEM;
	}
	if (!err)
		put_all(d, &s, scratch);
	if (!err && s.buf) {
		if (c->size < s.at)
			err = -ENOSPC;
		else
			err = guest_write(GVA(buffer), s.buf, s.at);
	}
	if (!err)
		c->size = s.at;
	heap_free(s.buf);
	heap_free(scratch);
	return err;
}

int hvm_context_get_partial(struct domain *d, struct xen_domctl_hvmcontext_partial *c)
{
	const struct record *r = find_record((uint16_t)c->type);
	uint64_t buffer = HANDLE_GVA(c->buffer).v;
	struct vcpu *v = c->instance < d->max_vcpus ? d->vcpu[c->instance] : NULL;
	void *scratch;
	uint32_t len;
	int err = 0;

	if (c->type > UINT16_MAX || !r || !r->save)
		return -EINVAL;
	if (!v)
		return -ENOENT;
	scratch = heap_alloc(record_scratch_size());
	if (!scratch)
		return -ENOMEM;
	len = r->save(v, scratch);
	if (!len)
		err = -ENODATA;
	else if (buffer && c->bufsz < len)
		err = -ENOSPC;
	else if (buffer)
		err = guest_write(GVA(buffer), scratch, len);
	if (!err)
		c->bufsz = len;
	heap_free(scratch);
	return err;
}

/* --- load ---------------------------------------------------------------------- */

static int load_record(struct domain *d, const desc_t *desc,
		       const uint8_t *data, bool check)
{
	const struct record *r = find_record(desc->typecode);
	struct vcpu *v = desc->instance < d->max_vcpus ? d->vcpu[desc->instance] : NULL;

	if (!r || !v)
		return -EINVAL;
	if (desc->length < r->min || (!r->sized_by_host && desc->length > r->min))
		return -EINVAL;
	return r->load(v, data, desc->length, check);
}

static int check_header(const uint8_t *buf, uint32_t size)
{
	struct hvm_save_header h;
	desc_t d;

	if (size < sizeof(d) + sizeof(h))
		return -ENODATA;
	memcpy(&d, buf, sizeof(d));
	memcpy(&h, buf + sizeof(d), sizeof(h));
	if (d.typecode != HVM_SAVE_CODE(HEADER) || d.length != sizeof(h))
		return -ENODATA;
	if (h.magic != HVM_FILE_MAGIC || h.version != HVM_FILE_VERSION)
		return -EINVAL;
	return 0;
}

/* Goes over the records after the header, up to END. */
static int load_all(struct domain *d, const uint8_t *buf, uint32_t size, bool check)
{
	uint32_t at = sizeof(desc_t) + sizeof(struct hvm_save_header);
	desc_t desc;
	int err;

	while (size - at >= sizeof(desc)) {
		memcpy(&desc, buf + at, sizeof(desc));
		at += sizeof(desc);
		if (desc.typecode == HVM_SAVE_CODE(END))
			return 0;
		if (desc.length > size - at)
			return -ENODATA;
		err = load_record(d, &desc, buf + at, check);
		if (err)
			return err;
		at += desc.length;
	}
	return -ENODATA;
}

int hvm_context_set(struct domain *d, const struct xen_domctl_hvmcontext *c)
{
	uint32_t size = c->size;
	uint8_t *buf;
	int err;

	if (size > d->max_vcpus * STREAM_MAX_PER_VCPU)
		return -EINVAL;
	buf = heap_alloc(MAX(size, 1u));
	if (!buf)
		return -ENOMEM;
	err = guest_read(buf, HANDLE_GVA(c->buffer), size);
	if (!err)
		err = check_header(buf, size);
	if (!err)
		err = load_all(d, buf, size, true);
	if (!err) {
		for_each_vcpu(d, v)
			v->down = true;
		err = load_all(d, buf, size, false);
	}
	heap_free(buf);
	return err;
}
