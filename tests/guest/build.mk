# Tiny PVH kernels: each folder with a main.c is one test, linked with lib/.
# runner/ is the dom0 that runs a test as a hostile domU; dom0-* run as dom0.
ifndef TG_DIR # tests/bench includes this too
TG_DIR := tests/guest
TG_OUT := $(B)/tests/guest
TG_LIB := entry.S $(notdir $(wildcard $(TG_DIR)/lib/*.c))
TG_ALL := $(patsubst $(TG_DIR)/%/main.c,%,$(wildcard $(TG_DIR)/*/main.c))
TG_TESTS := $(filter-out runner,$(TG_ALL))
TG_HEADERS := $(wildcard $(TG_DIR)/lib/*.h $(TG_DIR)/runner/*.h)

TG_CFLAGS := $(WARN) -O2 -g -m64 -ffreestanding -fno-pic -fno-stack-protector \
	-mno-red-zone -mgeneral-regs-only -fcf-protection=none -mcmodel=small \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing \
	-D__XEN_TOOLS__ -I$(TG_DIR)/lib
TG_LDFLAGS := -nostdlib -no-pie -static -Wl,-z,noexecstack \
	-Wl,--build-id=none -Wl,--no-warn-rwx-segments -T $(TG_DIR)/lib/guest.ld

# A test named *32 is 32-bit code without paging, with its own small library.
TG32_CFLAGS := $(filter-out -m64 -mno-red-zone -mcmodel=small,$(TG_CFLAGS)) -m32
TG32_LIB := string.c printf.c console.c hypercall.c setup.c verdict.c
TG32_OBJS := $(patsubst %,$(TG_OUT)/lib32/%.o,$(TG32_LIB)) \
	$(TG_OUT)/lib32/compat/entry.S.o $(TG_OUT)/lib32/compat/cpu.c.o
TG32_TESTS := $(filter %32,$(TG_ALL))

TG_LIB_OBJS := $(patsubst %,$(TG_OUT)/lib/%.o,$(TG_LIB))
TG_ELFS := $(patsubst %,$(TG_OUT)/%.elf,$(TG_ALL))

$(TG_OUT)/%.c.o: $(TG_DIR)/%.c $(TG_HEADERS) $(TG_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TG_CFLAGS) -c -o $@ $<

$(TG_OUT)/%.S.o: $(TG_DIR)/%.S $(TG_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TG_CFLAGS) -c -o $@ $<

$(TG_OUT)/lib32/%.o: $(TG_DIR)/lib/% $(TG_HEADERS) $(TG_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TG32_CFLAGS) -c -o $@ $<

$(patsubst %,$(TG_OUT)/%.elf,$(TG32_TESTS)): $(TG_OUT)/%.elf: $(TG_DIR)/%/main.c \
		$(TG32_OBJS) $(TG_DIR)/lib/guest.ld
	$(Q)$(CC) $(TG32_CFLAGS) $(TG_LDFLAGS) -o $@ $< $(TG32_OBJS)

# One ELF of all C files of its folder; QEMU's loader takes no debug symbols
# amiss, so they stay in.
define tg_link
$(TG_OUT)/$(1).elf: $$(patsubst $(TG_DIR)/%,$(TG_OUT)/%.o,$$(wildcard $(TG_DIR)/$(1)/*.c)) \
		$(TG_LIB_OBJS) $(TG_DIR)/lib/guest.ld
	$$(Q)$$(CC) $(TG_CFLAGS) $(TG_LDFLAGS) -o $$@ $$(filter %.o,$$^)
endef
$(foreach t,$(filter-out $(TG32_TESTS),$(TG_ALL)),$(eval $(call tg_link,$(t))))

.PHONY: guest-tests check-guest check-guest-vmx
guest-tests: $(TG_ELFS)

# TESTS="hello evtchn" picks some; Two machines at a time, J=1: one.
check-guest: guest-tests $(B)/hypervisor/basalt.elf
	$(Q)python3 $(TG_DIR)/run.py -j $(or $(J),2) $(TESTS)

# The same on Intel VT-x; CPU= names another of Bochs's models, SMP= their number.
# Then what needs two CPUs on two, their local APICs in x2APIC mode.
check-guest-vmx: guest-tests $(B)/hypervisor/basalt.elf
	$(Q)python3 $(TG_DIR)/run.py --bochs $(or $(CPU),corei7_skylake_x) \
		--smp $(or $(SMP),1) -j $(or $(J),2) $(TESTS)
ifeq ($(TESTS)$(CPU)$(SMP),)
	$(Q)python3 $(TG_DIR)/run.py --bochs corei7_skylake_x \
		--smp 2 --append x2apic smp peers
endif

endif
