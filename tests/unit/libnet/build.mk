# Unit tests of libnet: its text, and applying it in a network namespace.
LIBNET_TEST_DIR := $(B)/tests/unit/libnet
LIBNET_TESTS := $(LIBNET_TEST_DIR)/test_text $(LIBNET_TEST_DIR)/test_apply

UNIT_TESTS += $(LIBNET_TESTS)

$(LIBNET_TESTS): $(LIBNET_TEST_DIR)/%: tests/unit/libnet/%.c $(LIBNET_SRC) \
		$(LIBCONF_SRC) $(wildcard $(DOM0)/tools/libnet/*.h) | $(B)/.deps
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -I$(DOM0)/tools $(filter %.c,$^) -lcmocka -o $@
