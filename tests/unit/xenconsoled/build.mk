# Unit test of xenconsoled.
XC_TEST := tests/unit/xenconsoled
XC_TEST_FLAGS := $(WARN) -g -O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D_GNU_SOURCE -I$(XENCONSOLED) \
	-Idom0-rootfs/tools
XC_TEST_OBJ := $(patsubst %.c,$(B)/$(XC_TEST)/%.o,$(XENCONSOLED_CORE) \
	$(XC_TEST)/test_console.c)

UNIT_TESTS += $(B)/$(XC_TEST)/test_console

$(B)/$(XC_TEST)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(XC_TEST_FLAGS) -MMD -MP -c $< -o $@

$(B)/$(XC_TEST)/test_console: $(XC_TEST_OBJ)
	$(Q)$(CC) $(XC_TEST_FLAGS) $^ -lcmocka -o $@

.PHONY: check-unit-xenconsoled
check-unit-xenconsoled: $(B)/$(XC_TEST)/test_console
	$(Q)$<

-include $(XC_TEST_OBJ:.o=.d)
