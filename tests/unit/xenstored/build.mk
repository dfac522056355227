# Unit tests of xenstored: each file test_*.c is a program. test_kill runs the
# real daemon, built for the host, under libxs; the others link its core.
XS_TEST := tests/unit/xenstored
XS_TEST_O := $(B)/$(XS_TEST)/o
XS_TESTS := $(addprefix $(B)/$(XS_TEST)/,test_protocol test_rules test_ring \
	test_model test_restart test_kill)
XS_TEST_DAEMON := $(B)/$(XS_TEST)/xenstored
XS_TEST_FLAGS := $(WARN) -g -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D_GNU_SOURCE -I$(XENSTORED) \
	-Idom0-rootfs/tools -DXENSTORED_BIN='"$(abspath $(XS_TEST_DAEMON))"'

XS_TEST_CORE := $(patsubst %.c,$(XS_TEST_O)/%.o,$(XENSTORED_CORE) \
	$(XS_TEST)/harness.c)
XS_TEST_LIBXS := $(patsubst %.c,$(XS_TEST_O)/%.o,$(LIBXS_SRC))

UNIT_TESTS += $(XS_TESTS)

$(XS_TEST_O)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XS_TEST_FLAGS) -MMD -MP -c $< -o $@

$(XS_TESTS): $(B)/$(XS_TEST)/%: $(XS_TEST_O)/$(XS_TEST)/%.o
	$(Q)$(CC) $(XS_TEST_FLAGS) $(filter %.o,$^) -lcmocka -o $@

$(filter-out %/test_kill,$(XS_TESTS)): $(XS_TEST_CORE)
$(B)/$(XS_TEST)/test_kill: $(XS_TEST_LIBXS) | $(XS_TEST_DAEMON)

$(XS_TEST_DAEMON): $(patsubst %.c,$(XS_TEST_O)/%.o,$(XENSTORED_SRC))
	$(Q)$(CC) $(XS_TEST_FLAGS) $^ -o $@

.PHONY: check-unit-xenstored
check-unit-xenstored: $(XS_TESTS)
	$(Q)for t in $^; do $$t || exit 1; done

-include $(shell find $(XS_TEST_O) -name '*.d' 2>/dev/null)
