# Unit tests of the architecture-independent core on the fake architecture.
# Each test_*.c is a program; all link the same core.
HVT := $(B)/tests/unit/hv
HVT_CORE := $(filter-out %/main.c %/panic.c,$(wildcard hypervisor/core/*.c)) \
	$(wildcard hypervisor/mm/*.c) hypervisor/lib/debug/on.c
HVT_OBJ := $(patsubst %.c,$(HVT)/obj/%.o,$(HVT_CORE) \
	$(wildcard tests/unit/fake/*.c))
HVT_TESTS := $(patsubst tests/unit/hv/%.c,$(HVT)/%,$(wildcard tests/unit/hv/test_*.c))
HVT_CFLAGS := $(UT_CFLAGS) -fno-strict-aliasing -D__XEN_TOOLS__ \
	-Ihypervisor/include -Itests/unit/fake

$(HVT)/obj/%.o: %.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(HVT_CFLAGS) -MMD -c -o $@ $<

$(HVT)/test_trace: $(HVT)/obj/dom0-rootfs/tools/hvtrace/decode.o
$(HVT)/obj/dom0-rootfs/tools/hvtrace/decode.o: HVT_CFLAGS += -Idom0-rootfs/tools

$(HVT_TESTS): $(HVT)/%: $(HVT)/obj/tests/unit/hv/%.o $(HVT_OBJ)
	@echo "  LD       $@"
	$(Q)gcc $(UT_CFLAGS) -o $@ $^ -lcmocka

UNIT_TESTS += $(HVT_TESTS)
-include $(HVT_OBJ:.o=.d) $(wildcard $(HVT)/obj/tests/unit/hv/*.d)
