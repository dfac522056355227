/*
 * MSI and MSI-X of the hardware domain's devices (PCI Local Bus 3.0, 6.8; message
 * format: Intel SDM vol. 3 10.11). The domain's writes to the capabilities and to
 * MSI-X tables end here. What it writes is kept and read back to it; the device is
 * told a vector and a CPU of the hypervisor's choice (x86/dev_irq.h). Only fixed and
 * lowest-priority messages reach a device: no NMI, SMI or INIT.
 *
 * One message a function for MSI: several need aligned blocks of vectors, which
 * kernels ask for only with interrupt remapping.
 *
 * A table is trapped from the moment MSI-X is enabled, at the address its BAR has
 * then. A function's record, once made, stays for good.
 *
 * Lock: msi_lock covers all of it; taken before those of traps, p2m and vectors.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/dev_irq.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/iommu.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define CAP_MSI		0x05
#define CAP_MSIX	0x11
#define CAPS_MAX	48u
#define STATUS_CAPS	(1u << 4)
#define HEADER_CARDBUS	2u

/* In both capabilities, the control word is at 2. */
#define CONTROL		2u
#define MSI_ENABLE	(1u << 0)
#define MSI_MULTIPLE	0x7eu	/* messages offered and in use */
#define MSI_WIDE	(1u << 7)
#define MSI_ADDR	4u
#define MSI_MAX		16u	/* bytes up to the end of the data dword */
#define MSIX_ENABLE	(1u << 15)
#define MSIX_ENTRIES(c)	(((c) & 0x7ffu) + 1)
#define MSIX_TABLE	4u	/* offset and BAR */

#define ENTRY_BYTES	16u
enum { ENTRY_ADDR, ENTRY_ADDR_HIGH, ENTRY_DATA, ENTRY_CONTROL };
#define ENTRY_MASKED	1u

#define MESSAGE_BASE	0xfee00000u
#define MESSAGE_DEST(a)	((a) >> 12 & 0xff)
#define MESSAGE_LOGICAL	(1u << 2)
#define MESSAGE_HANDLE	(1u << 4)
#define DATA_MODE(d)	((d) >> 8 & 7)

struct entry {
	struct dev_irq irq;
	uint32_t guest[4];	/* as the domain wrote it */
	bool rewritten;		/* address or data, since the device was told */
	struct function *f;
};

struct function {
	struct list link;
	uint32_t fn;
	uint8_t msi, msix;	/* the capabilities, 0: none */

	struct dev_irq irq;	/* MSI */
	uint8_t data_at;	/* offset of its data */
	bool live;		/* enabled in the device */
	union {
		uint8_t byte[MSI_MAX];	/* as the domain wrote it */
		uint32_t dword[MSI_MAX / 4];
	} guest;

	struct mmio_trap trap;	/* MSI-X; the table's pages */
	bool trapped;
	uint64_t table_at;
	volatile uint32_t *table;
	struct entry *entry;
	unsigned int nr;
};

static spinlock_t msi_lock = SPINLOCK_INIT;
static struct list functions = {&functions, &functions};

/* The vCPU that a message is for; NULL: not one that we let through. */
static struct vcpu *decode(uint32_t addr, uint32_t high, uint32_t data)
{
	if ((addr & 0xfff00000u) != MESSAGE_BASE || high || DATA_MODE(data) > 1 ||
	    (data & 0xff) < 16)
		return NULL;
	return vlapic_find_dest(hardware_domain, MESSAGE_DEST(addr), addr & MESSAGE_LOGICAL);
}

/* With interrupt remapping a handle (VT-d 5.1.5.2), whose data is nothing. */
static uint32_t host_addr(const struct dev_irq *i)
{
	if (iommu_remaps_interrupts())
		return MESSAGE_BASE | MESSAGE_HANDLE |
		       iommu_irq_handle(dev_irq_dest(i), i->vector, false) << 5;
	return MESSAGE_BASE | dev_irq_dest(i) << 12;
}

static uint16_t host_data(const struct dev_irq *i)
{
	return iommu_remaps_interrupts() ? 0 : i->vector;
}

/* --- MSI -------------------------------------------------------------------------- */

static const struct dev_irq_ops msi_ops = {.pci = true};

static uint32_t guest_data(const struct function *f)
{
	return f->guest.dword[f->data_at / 4] & 0xffff;
}

static uint32_t guest_control(const struct function *f)
{
	return f->guest.dword[0] >> 16;
}

/* A device that may send at any moment keeps its vector; only the target changes. */
static void msi_update_locked(struct function *f, bool tell)
{
	uint32_t high = f->data_at > 8 ? f->guest.dword[2] : 0;
	struct vcpu *dest = NULL;

	if (guest_control(f) & MSI_ENABLE)
		dest = decode(f->guest.dword[1], high, guest_data(f));
	if (dest && dev_irq_bind(&f->irq, dest, (uint8_t)guest_data(f), false, !f->live) < 0)
		dest = NULL;
	if (!tell && f->live == !!dest)
		return;
	if (dest) {
		pci_write(f->fn, f->msi + MSI_ADDR, 4, host_addr(&f->irq));
		if (f->data_at > 8)
			pci_write(f->fn, f->msi + MSI_ADDR + 4, 4, 0);
		pci_write(f->fn, f->msi + f->data_at, 2, host_data(&f->irq));
	}
	f->live = dest;
	pci_write(f->fn, f->msi + CONTROL, 2,
		  (guest_control(f) & ~(MSI_MULTIPLE | MSI_ENABLE)) | f->live);
	if (!dest)
		dev_irq_unbind(&f->irq);
}

/* True: done. Masks and pending bits are the device's own. */
static bool msi_write_locked(struct function *f, unsigned int off, unsigned int size,
			     uint32_t val)
{
	if (!f->msi || off - f->msi >= f->data_at + 4u)
		return false;
	off -= f->msi;
	memcpy(&f->guest.byte[off], &val, size);
	msi_update_locked(f, off < MSI_ADDR);
	return true;
}

static void msi_read_locked(const struct function *f, unsigned int off, unsigned int size,
			    uint32_t *val)
{
	uint8_t *b = (uint8_t *)val;

	for (unsigned int i = 0; i < size; i++, off++) {
		if (off == f->msi + CONTROL)
			b[i] = (uint8_t)((b[i] & ~(MSI_MULTIPLE | MSI_ENABLE)) |
					 (guest_control(f) & MSI_ENABLE));
		else if (off >= f->msi + MSI_ADDR && off < f->msi + f->data_at + 2u)
			b[i] = f->guest.byte[off - f->msi];
	}
}

/* --- MSI-X ------------------------------------------------------------------------- */

static void entry_update_locked(struct entry *e)
{
	volatile uint32_t *hw = e->f->table + (e - e->f->entry) * (ENTRY_BYTES / 4);
	uint32_t control = e->guest[ENTRY_CONTROL];
	struct vcpu *dest = NULL;
	int moved = 0;

	if (!(control & ENTRY_MASKED))
		dest = decode(e->guest[ENTRY_ADDR], e->guest[ENTRY_ADDR_HIGH],
			      e->guest[ENTRY_DATA]);
	if (dest)
		moved = dev_irq_bind(&e->irq, dest, (uint8_t)e->guest[ENTRY_DATA], false, true);
	if (!dest || moved < 0) {
		hw[ENTRY_CONTROL] = control | ENTRY_MASKED;
		return;
	}
	if (moved || e->rewritten) {
		hw[ENTRY_CONTROL] = control | ENTRY_MASKED;
		hw[ENTRY_ADDR] = host_addr(&e->irq);
		hw[ENTRY_ADDR_HIGH] = 0;
		hw[ENTRY_DATA] = host_data(&e->irq);
		e->rewritten = false;
	}
	hw[ENTRY_CONTROL] = control | (e->irq.held ? ENTRY_MASKED : 0);
}

static void entry_update(struct dev_irq *i)
{
	struct entry *e = list_entry(i, struct entry, irq);

	LOCKED(&msi_lock);
	if (e->f->trapped)
		entry_update_locked(e);
}

static const struct dev_irq_ops msix_ops = {
	.pci = true,
	.update = entry_update,
};

static void table_access_locked(struct function *f, uint64_t off, unsigned int size,
				bool write, uint64_t *val)
{
	struct entry *e = &f->entry[off / ENTRY_BYTES];
	unsigned int reg = off % ENTRY_BYTES / 4;

	if (size < 4 || off % size) {	/* the specification knows no other */
		*val = write ? *val : ~0ull;
		return;
	}
	if (!write) {
		memcpy(val, &e->guest[reg], size);
		return;
	}
	memcpy(&e->guest[reg], val, size);
	if (reg < ENTRY_CONTROL)
		e->rewritten = true;
	entry_update_locked(e);
}

/* The table's pages may hold other registers, too: those are the device's own. */
static void table_access(struct mmio_trap *t, uint64_t gpa, unsigned int size, bool write,
			 uint64_t *val)
{
	struct function *f = list_entry(t, struct function, trap);
	uint64_t off;

	LOCKED(&msi_lock);
	off = gpa - f->table_at;
	if (f->trapped && off < f->nr * ENTRY_BYTES)
		table_access_locked(f, off, size, write, val);
	else if (write)
		mmio_write(map_mmio(gpa, size), size, *val);
	else
		*val = mmio_read(map_mmio(gpa, size), size);
}

static uint64_t table_address(const struct function *f)
{
	uint32_t table = pci_read(f->fn, f->msix + MSIX_TABLE, 4);
	unsigned int reg = PCI_BAR0 + 4 * (table & 7);
	uint32_t low = pci_read(f->fn, reg, 4);
	uint64_t high = 0;

	if ((table & 7) > 5 || (low & 1))
		return 0;
	if ((low >> 1 & 3) == 2)
		high = pci_read(f->fn, reg + 4, 4);
	low &= ~15u;
	return low || high ? (high << 32 | low) + (table & ~7u) : 0;
}

static bool make_entries(struct function *f, unsigned int nr)
{
	struct entry *e = f->nr >= nr ? f->entry : heap_alloc(nr * sizeof(*e));

	if (!e)
		return false;
	f->entry = e;
	f->nr = nr;
	for (unsigned int i = 0; i < nr; i++) {
		dev_irq_init(&e[i].irq, &msix_ops, f->fn);
		e[i].f = f;
		e[i].rewritten = true;
		for (unsigned int k = 0; k < 4; k++)
			e[i].guest[k] = f->table[i * 4 + k];
	}
	return true;
}

/* False: its table cannot be where the device says. */
static bool msix_on_locked(struct function *f)
{
	unsigned int nr = MSIX_ENTRIES(pci_read(f->fn, f->msix + CONTROL, 2));
	uint64_t at = table_address(f);

	if (f->trapped)
		return true;
	f->trap.start = ROUNDDOWN(at, PAGE_SIZE);
	f->trap.end = ROUNDUP(at + nr * ENTRY_BYTES, PAGE_SIZE);
	f->trap.access = table_access;
	if (!at || !hwdom_trap(&f->trap))
		return false;
	f->table_at = at;
	f->table = map_mmio(at, nr * ENTRY_BYTES);
	f->trapped = make_entries(f, nr);
	if (!f->trapped)
		hwdom_untrap(&f->trap);
	for (unsigned int i = 0; f->trapped && i < nr; i++)
		entry_update_locked(&f->entry[i]);
	return f->trapped;
}

static void msix_off_locked(struct function *f)
{
	if (!f->trapped)
		return;
	f->trapped = false;
	hwdom_untrap(&f->trap);
	for (unsigned int i = 0; i < f->nr; i++)
		dev_irq_unbind(&f->entry[i].irq);
}

static void msix_write_locked(struct function *f, unsigned int off, unsigned int size,
			      uint32_t val)
{
	unsigned int byte = f->msix + CONTROL + 1 - off;	/* of the word's upper half */
	uint32_t enable = byte < 4 ? MSIX_ENABLE >> 8 << (8 * byte) : 0;
	bool refused = false;
	char name[PCI_NAME_MAX];

	if (!f->msix || byte >= size) {
		pci_write(f->fn, off, size, val);
		return;
	}
	if (val & enable)
		refused = !msix_on_locked(f);
	if (refused) {
		pci_name(f->fn, name);
		log_warn("%s: its MSI-X table is in no memory of its own; "
			 "MSI-X stays off", name);
	}
	pci_write(f->fn, off, size, refused ? val & ~enable : val);
	if (!(val & enable))
		msix_off_locked(f);
}

/* --- functions ----------------------------------------------------------------------- */

static void find_capabilities(struct function *f)
{
	unsigned int at = pci_read(f->fn, PCI_CAPS, 1) & 0xfc;

	f->msi = f->msix = 0;
	if (!(pci_read(f->fn, PCI_STATUS, 2) & STATUS_CAPS) ||
	    (pci_read(f->fn, PCI_HEADER, 1) & 0x7f) >= HEADER_CARDBUS)
		return;
	for (unsigned int n = 0; at >= 0x40 && n < CAPS_MAX; n++) {
		uint32_t cap = pci_read(f->fn, at, 4);

		if ((cap & 0xff) == CAP_MSI && !f->msi && at + MSI_MAX <= 0x100) {
			f->msi = (uint8_t)at;
			f->data_at = cap >> 16 & MSI_WIDE ? 12 : 8;
			for (unsigned int i = 0; i <= f->data_at / 4u; i++)
				f->guest.dword[i] = pci_read(f->fn, at + 4 * i, 4);
		} else if ((cap & 0xff) == CAP_MSIX && !f->msix) {
			f->msix = (uint8_t)at;
		}
		at = cap >> 8 & 0xfc;
	}
}

static struct function *find_locked(uint32_t fn)
{
	list_for_each(p, &functions)
		if (list_entry(p, struct function, link)->fn == fn)
			return list_entry(p, struct function, link);
	return NULL;
}

static struct function *find_or_make_locked(uint32_t fn)
{
	struct function *f = find_locked(fn);

	if (f || pci_read(fn, PCI_ID, 2) == 0xffff)
		return f;
	f = heap_alloc(sizeof(*f));
	if (!f)
		return NULL;
	f->fn = fn;
	dev_irq_init(&f->irq, &msi_ops, fn);
	find_capabilities(f);
	list_add_before(&functions, &f->link);
	return f;
}

void msi_config_read(uint32_t fn, unsigned int reg, unsigned int size, uint32_t *val)
{
	const struct function *f;

	LOCKED(&msi_lock);
	f = find_locked(fn);
	if (f && f->msi)
		msi_read_locked(f, reg, size, val);
}

void msi_config_write(uint32_t fn, unsigned int reg, unsigned int size, uint32_t val)
{
	struct function *f;

	LOCKED(&msi_lock);
	f = find_or_make_locked(fn);
	if (!f)
		pci_write(fn, reg, size, val);
	else if (!msi_write_locked(f, reg, size, val))
		msix_write_locked(f, reg, size, val);
}

void msi_function_reset(uint32_t fn)
{
	struct function *f;

	LOCKED(&msi_lock);
	f = find_locked(fn);
	if (!f)
		return;
	msix_off_locked(f);
	dev_irq_unbind(&f->irq);
	f->live = false;
	find_capabilities(f);
}
