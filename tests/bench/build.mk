# Measurements: tiny kernels linked like the tests', and a stub in the place of
# the hypervisor. `make bench` prints; SAVE=1 adds a line per figure to
# history.csv; XEN=0 goes without the comparison.
include tests/guest/build.mk

TB_DIR := tests/bench
TB_OUT := $(B)/tests/bench
TB_ELFS := $(TB_OUT)/paths.elf $(TB_OUT)/facts.elf $(TB_OUT)/granter.elf \
	$(TB_OUT)/spin.elf

$(TB_OUT)/%.c.o: $(TB_DIR)/%.c $(TG_HEADERS) $(TB_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TG_CFLAGS) -c -o $@ $<

$(TB_ELFS): $(TB_OUT)/%.elf: $(TB_OUT)/%/main.c.o $(TG_LIB_OBJS) $(TG_DIR)/lib/guest.ld
	$(Q)$(CC) $(TG_CFLAGS) $(TG_LDFLAGS) -o $@ $(filter %.o,$^)

$(TB_OUT)/stub.elf: $(TB_DIR)/stub.S
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext=0x100000 -o $@ $<

# A dom0 of BusyBox and our tools, which measures from user space. The same
# files boot its Linux guest.
TB_DOM0 := $(TB_OUT)/dom0
TB_TOOLS := $(foreach t,xenstored xenconsoled xl,$(filter %/$t,$(TOOLS)))

$(TB_OUT)/ops: $(TB_DIR)/dom0/ops.c | $(SYSROOT)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) $(TOOL_LDFLAGS) -o $@ $<

$(TB_OUT)/dom0.cpio: $(TREE_DEPS) $(shell find $(TB_DIR)/dom0 -type f) \
		$(TB_OUT)/ops $(TB_OUT)/granter.elf $(TB_TOOLS) $(B)/image/vmlinux
	$(Q)B=$(B) $(IMG)/mktree.sh $(TB_DOM0) $(TB_DIR)/dom0/modules.list \
		$(TB_DIR)/dom0/tree
	$(Q)cp $(TB_OUT)/ops $(TB_DOM0)/usr/sbin/
	$(Q)$(call PACK,$(TB_DOM0)) | gzip -1n >$(TB_OUT)/initramfs.gz
	$(Q)cp $(TB_TOOLS) $(TB_DOM0)/usr/sbin/
	$(Q)cp $(TB_OUT)/initramfs.gz $(TB_OUT)/granter.elf $(B)/image/vmlinux \
		$(TB_DOM0)/bench/
	$(Q)cp $(BZIMAGE) $(TB_DOM0)/bench/vmlinuz
	$(Q)$(call PACK,$(TB_DOM0)) >$@.tmp
	$(Q)mv $@.tmp $@

.PHONY: bench bench-kernels bench-shares
bench-kernels: $(TB_ELFS) $(TB_OUT)/stub.elf $(TG_OUT)/runner.elf $(TB_OUT)/dom0.cpio

bench: bench-kernels $(B)/hypervisor/basalt.elf
	$(if $(filter 0,$(XEN)),,-$(Q)$(TB_DIR)/fetch-xen.sh $(TB_OUT)/xen)
	$(Q)python3 $(TB_DIR)/bench.py $(if $(SAVE),--save)

# Weights and caps, to 2 %: the ISO with guests that compute for ever.
bench-shares: iso $(TB_OUT)/spin.elf
	$(Q)/usr/bin/python3 $(TB_DIR)/shares.py

# The longest stretches without a look at what is due; TESTS= picks tiny kernels.
$(TB_OUT)/stretch/plugin.so: $(TB_DIR)/stretch/plugin.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(WARN) -O2 -fPIC -shared -fvisibility=hidden -o $@ $<

.PHONY: stretch
stretch: $(TB_OUT)/stretch/plugin.so bench-kernels guest-tests $(B)/hypervisor/basalt.elf
	$(Q)python3 $(TB_DIR)/stretch.py --dom0 $(TESTS)
