# Measurements: tiny kernels linked like the tests', and a stub in the place of
# the hypervisor. `make bench` prints; SAVE=1 adds a line per figure to
# history.csv; XEN=0 goes without the comparison.
include tests/guest/build.mk

TB_DIR := tests/bench
TB_OUT := $(B)/tests/bench
TB_ELFS := $(TB_OUT)/paths.elf $(TB_OUT)/facts.elf

$(TB_OUT)/%.c.o: $(TB_DIR)/%.c $(TG_HEADERS) $(TB_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TG_CFLAGS) -c -o $@ $<

$(TB_ELFS): $(TB_OUT)/%.elf: $(TB_OUT)/%/main.c.o $(TG_LIB_OBJS) $(TG_DIR)/lib/guest.ld
	$(Q)$(CC) $(TG_CFLAGS) $(TG_LDFLAGS) -o $@ $(filter %.o,$^)

$(TB_OUT)/stub.elf: $(TB_DIR)/stub.S
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext=0x100000 -o $@ $<

.PHONY: bench bench-kernels
bench-kernels: $(TB_ELFS) $(TB_OUT)/stub.elf $(TG_OUT)/runner.elf

bench: bench-kernels $(B)/hypervisor/basalt.elf
	$(if $(filter 0,$(XEN)),,-$(Q)$(TB_DIR)/fetch-xen.sh $(TB_OUT)/xen)
	$(Q)python3 $(TB_DIR)/bench.py $(if $(SAVE),--save)
