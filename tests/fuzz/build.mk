# Fuzzing: each fuzz_NAME.c is one entry point over the hypervisor's own source on the
# fake architecture. `make check` replays the inputs kept in corpus/NAME with gcc;
# `make fuzz` lets clang's libFuzzer look for new ones:
#   FUZZ=NAME      one of them          FUZZ_SECONDS=60  for each
#   FUZZ_RUNS=-1   at most so many executions for each
FZ := $(B)/tests/fuzz
FZ_NAMES := decode elf boot hypercall ucode
FZ_DIR := tests/fuzz
FZ_CPPFLAGS := -D__XEN_TOOLS__ -Ihypervisor/include -Itests/unit/fake -Itests/unit/plat \
	-I$(FZ_DIR) -Ihypervisor/x86/boot -Dsched_yield=hv_sched_yield -fno-strict-aliasing
FZ_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Wno-unused-parameter \
	-Wno-unknown-warning-option -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all

FZ_SRC_decode := hypervisor/x86/hvm/decode.c
FZ_SRC_elf := hypervisor/lib/elf.c
FZ_SRC_ucode := hypervisor/x86/ucode.c
FZ_SRC_boot := hypervisor/x86/acpi.c hypervisor/x86/boot/e820.c \
	$(addprefix hypervisor/x86/iommu/,parse.c dmar.c ivrs.c) \
	$(addprefix hypervisor/x86/boot/,info.c multiboot.c multiboot2.c)
FZ_SRC_hypercall := $(filter-out %/main.c %/panic.c,$(wildcard hypervisor/core/*.c)) \
	$(wildcard hypervisor/mm/*.c) hypervisor/lib/debug/on.c $(wildcard tests/unit/fake/*.c)
# A window of host addresses stands in for the direct map; little guest memory, so
# that a domain is made and ended in no time.
FZ_DEF_boot := -DDIRECTMAP_BASE=0x200000000000ul
FZ_DEF_hypercall := -DFAKE_FRAMES=2048u -DFAKE_GFN_LIMIT=0x8ffu -DFAKE_SCRATCH=0x800u

define fz_rules
$(FZ)/$(1): $(FZ_DIR)/fuzz_$(1).c $(FZ_DIR)/fuzz.h $(FZ_SRC_$(1)) | $(B)/.deps
	@mkdir -p $$(@D)
	@echo "  FUZZ     $$@"
	$(Q)clang $(FZ_CFLAGS) -fsanitize=fuzzer $(FZ_CPPFLAGS) $(FZ_DEF_$(1)) -o $$@ \
		$$(filter %.c,$$^) -lcmocka

$(FZ)/replay_$(1): $(FZ_DIR)/fuzz_$(1).c $(FZ_DIR)/replay.c $(FZ_DIR)/fuzz.h \
		$(FZ_SRC_$(1)) | $(B)/.deps
	@mkdir -p $$(@D)
	@echo "  CC       $$@"
	$(Q)gcc $(FZ_CFLAGS) $(FZ_CPPFLAGS) $(FZ_DEF_$(1)) \
		-DCORPUS='"$(FZ_DIR)/corpus/$(1)"' -MMD -o $$@ $$(filter %.c,$$^) -lcmocka

.PHONY: fuzz-$(1)
fuzz-$(1): $(FZ)/$(1)
	@mkdir -p $(FZ)/found/$(1) $(FZ)/crashes
	$(Q)$(FZ)/$(1) -max_total_time=$(or $(FUZZ_SECONDS),60) -runs=$(or $(FUZZ_RUNS),-1) \
		-max_len=1024 -timeout=10 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix=$(FZ)/crashes/$(1)- \
		$(FZ)/found/$(1) $(FZ_DIR)/corpus/$(1)
endef
$(foreach n,$(FZ_NAMES),$(eval $(call fz_rules,$(n))))

UNIT_TESTS += $(addprefix $(FZ)/replay_,$(FZ_NAMES))
-include $(wildcard $(FZ)/*.d)

.PHONY: fuzz
fuzz: $(addprefix fuzz-,$(or $(FUZZ),$(FZ_NAMES)))
