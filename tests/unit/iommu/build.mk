# Unit tests of DMA remapping's pure parts: I/O page tables, DMAR and IVRS.
IOMMU_TEST := tests/unit/iommu
IOMMU_TEST_CFLAGS := $(UT_CFLAGS) -fno-builtin -D__XEN_TOOLS__ -Ihypervisor/include \
	-Ihypervisor/x86/iommu
IOMMU_TESTS := $(addprefix $(B)/$(IOMMU_TEST)/,test_table test_tables test_units)

$(B)/$(IOMMU_TEST)/test_table: hypervisor/x86/iommu/table.c hypervisor/mm/page_alloc.c \
	hypervisor/mm/numa.c hypervisor/core/spinlock.c hypervisor/lib/debug/on.c
$(B)/$(IOMMU_TEST)/test_tables: $(addprefix hypervisor/x86/iommu/,parse.c dmar.c ivrs.c)

$(B)/$(IOMMU_TEST)/test_units: $(addprefix hypervisor/x86/iommu/,vtd.c amdvi.c table.c \
	parse.c) hypervisor/mm/page_alloc.c hypervisor/mm/numa.c hypervisor/mm/heap.c \
	hypervisor/core/spinlock.c hypervisor/lib/debug/on.c
$(B)/$(IOMMU_TEST)/test_units: IOMMU_TEST_DEF := -I$(IOMMU_TEST)/fake -DDIRECTMAP_BASE=0ul

$(IOMMU_TESTS): $(B)/%: %.c tests/unit/plat/fakes.c tests/unit/plat/fakes.h | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(IOMMU_TEST_DEF) $(IOMMU_TEST_CFLAGS) -MMD -o $@ $(filter %.c,$^) -lcmocka

UNIT_TESTS += $(IOMMU_TESTS)
-include $(wildcard $(B)/$(IOMMU_TEST)/*.d)
