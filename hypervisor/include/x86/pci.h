/*
 * PCI configuration space: raw access, and what the hardware domain meets when it
 * goes there. A function is named by segment << 16 | bus << 8 | device << 3 |
 * function.
 */
#ifndef X86_PCI_H
#define X86_PCI_H

#include <hv/types.h>

#define PCI_FN(seg, bus, devfn) ((uint32_t)(seg) << 16 | (uint32_t)(bus) << 8 | (devfn))

#define PCI_VENDOR_VIRTIO 0x1af4

#define PCI_ID		0x00
#define PCI_STATUS	0x06
#define PCI_HEADER	0x0e
#define PCI_BAR0	0x10
#define PCI_SECONDARY_BUS 0x19	/* of a bridge */
#define PCI_LAST_BUS	0x1a
#define PCI_CAPS	0x34

/*
 * 1, 2 or 4 bytes inside one dword. Where there is nothing, reads give ones and
 * writes are lost; so they do at @reg >= 256, and in segments other than 0, that no
 * MCFG table covers.
 */
uint32_t pci_read(uint32_t fn, unsigned int reg, unsigned int size);
void pci_write(uint32_t fn, unsigned int reg, unsigned int size, uint32_t val);

/* "PCI device 0000:00:1f.2" */
#define PCI_NAME_MAX 32
void pci_name(uint32_t fn, char name[PCI_NAME_MAX]);

/*
 * Moves *fn on to the next function of segment 0 at or after it that is there; its
 * device and vendor in *id. False: no more. (x86/dom0/pci_scan.c)
 */
bool pci_find_function(uint32_t *fn, uint32_t *id);

/* Ports 0xcf8 to 0xcff and the MCFG windows are the hypervisor's; at boot. */
void hwdom_pci_init(void);
/* Its access to a port of those. */
uint32_t hwdom_pci_port_read(uint16_t port, unsigned int size);
void hwdom_pci_port_write(uint16_t port, unsigned int size, uint32_t val);

/* --- MSI and MSI-X (x86/dom0/msi.c) ------------------------------------------------ */

/* A read of the function gave *val: puts in what the domain wrote itself. */
void msi_config_read(uint32_t fn, unsigned int reg, unsigned int size, uint32_t *val);
/* Carries a write out, wholly. */
void msi_config_write(uint32_t fn, unsigned int reg, unsigned int size, uint32_t val);
/* The function came, or goes: it has no interrupt enabled. */
void msi_function_reset(uint32_t fn);

#endif
