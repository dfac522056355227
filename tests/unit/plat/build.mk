# Unit tests of the hypervisor's base on the host: what needs no privileges.
PLAT_TEST := tests/unit/plat
PLAT_TEST_CFLAGS := $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-builtin -D__XEN_TOOLS__ \
	-Ihypervisor/include
PLAT_TESTS := $(addprefix $(B)/$(PLAT_TEST)/,test_printf test_cmdline \
	test_boot_memory test_boot_loader test_screen \
	test_page_alloc test_timer test_acpi test_numa test_ucode)

$(B)/$(PLAT_TEST)/test_printf: hypervisor/lib/printf.c
$(B)/$(PLAT_TEST)/test_cmdline: hypervisor/core/cmdline.c
$(B)/$(PLAT_TEST)/test_boot_memory: hypervisor/x86/boot/e820.c \
	hypervisor/x86/boot/memory.c
$(B)/$(PLAT_TEST)/test_boot_loader: $(addprefix hypervisor/x86/boot/,info.c \
	multiboot.c multiboot2.c e820.c)
$(B)/$(PLAT_TEST)/test_boot_loader: PLAT_TEST_DEF := -DDIRECTMAP_BASE=0x200000000000ul
$(B)/$(PLAT_TEST)/test_screen: hypervisor/x86/screen.c
$(B)/$(PLAT_TEST)/test_page_alloc: hypervisor/mm/page_alloc.c hypervisor/mm/numa.c \
	hypervisor/mm/heap.c hypervisor/core/spinlock.c hypervisor/lib/debug/on.c
$(B)/$(PLAT_TEST)/test_timer: hypervisor/core/timer.c \
	hypervisor/core/spinlock.c hypervisor/lib/debug/on.c
$(B)/$(PLAT_TEST)/test_acpi: hypervisor/x86/acpi.c \
	$(addprefix hypervisor/x86/iommu/,parse.c dmar.c ivrs.c)
$(B)/$(PLAT_TEST)/test_numa: hypervisor/x86/numa.c
$(B)/$(PLAT_TEST)/test_ucode: hypervisor/x86/ucode.c

# The C library has these two already.
$(B)/$(PLAT_TEST)/printf.o: hypervisor/lib/printf.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(filter-out -Wmissing-prototypes,$(PLAT_TEST_CFLAGS)) \
		-Dvsnprintf=hv_vsnprintf -Dsnprintf=hv_snprintf -c -o $@ $<

$(B)/$(PLAT_TEST)/test_printf: $(B)/$(PLAT_TEST)/printf.o

$(PLAT_TESTS): $(B)/$(PLAT_TEST)/%: $(PLAT_TEST)/%.c $(PLAT_TEST)/fakes.c \
		$(PLAT_TEST)/fakes.h | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(PLAT_TEST_CFLAGS) $(PLAT_TEST_DEF) -MMD -o $@ \
		$(filter-out hypervisor/lib/printf.c,$(filter %.c,$^)) \
		$(filter %.o,$^) -lcmocka

UNIT_TESTS += $(PLAT_TESTS)
-include $(wildcard $(B)/$(PLAT_TEST)/*.d)
