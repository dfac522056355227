# Unit tests of xenstored: each file test_*.c is a program.
XS_TEST := tests/unit/xenstored
XS_TESTS := $(addprefix $(B)/$(XS_TEST)/,test_protocol test_rules test_ring \
	test_model test_restart)
XS_TEST_FLAGS := $(WARN) -g -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D_GNU_SOURCE -I$(XENSTORED) -Idom0-rootfs/tools
XS_TEST_OBJ := $(patsubst %.c,$(B)/$(XS_TEST)/%.o,$(XENSTORED_CORE) \
	$(XS_TEST)/harness.c)

UNIT_TESTS += $(XS_TESTS)

$(B)/$(XS_TEST)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XS_TEST_FLAGS) -MMD -MP -c $< -o $@

$(XS_TESTS): $(B)/$(XS_TEST)/%: $(B)/$(XS_TEST)/$(XS_TEST)/%.o $(XS_TEST_OBJ)
	$(Q)$(CC) $(XS_TEST_FLAGS) $^ -lcmocka -o $@

.PHONY: check-unit-xenstored
check-unit-xenstored: $(XS_TESTS)
	$(Q)for t in $^; do $$t || exit 1; done

-include $(XS_TEST_OBJ:.o=.d)
-include $(XS_TESTS:$(B)/$(XS_TEST)/%=$(B)/$(XS_TEST)/$(XS_TEST)/%.d)
