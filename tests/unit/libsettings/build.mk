# Unit test of libsettings.
LIBSETTINGS_TEST := $(B)/tests/unit/libsettings/test_settings

UNIT_TESTS += $(LIBSETTINGS_TEST)

$(LIBSETTINGS_TEST): tests/unit/libsettings/test_settings.c $(LIBSETTINGS_SRC) \
		$(LIBCONF_SRC) $(wildcard $(DOM0)/tools/libsettings/*.h) | $(B)/.deps
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -I$(DOM0)/tools $(filter %.c,$^) -lcmocka \
		-lcrypt -o $@
