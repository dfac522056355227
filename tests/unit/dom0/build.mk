# Unit tests of the control domain's making (its memory map, its kernel's ELF) and of
# its devices' interrupts.
DOM0_TEST_CFLAGS := $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D__XEN_TOOLS__ -Ihypervisor/include

$(B)/tests/unit/dom0/test_memory_map: tests/unit/dom0/test_memory_map.c \
		hypervisor/x86/dom0/memory.c hypervisor/lib/elf.c
$(B)/tests/unit/dom0/test_elf: tests/unit/dom0/test_elf.c hypervisor/lib/elf.c
$(B)/tests/unit/dom0/test_pci_scan: tests/unit/dom0/test_pci_scan.c \
		hypervisor/x86/dom0/pci_scan.c
$(B)/tests/unit/dom0/test_msi: tests/unit/dom0/test_msi.c \
		hypervisor/x86/dom0/msi.c hypervisor/x86/dom0/dev_irq.c

$(B)/tests/unit/dom0/%: | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(DOM0_TEST_CFLAGS) -MMD $(filter %.c,$^) -lcmocka -o $@

UNIT_TESTS += $(addprefix $(B)/tests/unit/dom0/,test_memory_map test_elf test_msi test_pci_scan)
-include $(wildcard $(B)/tests/unit/dom0/*.d)
