# Unit test of libconf.
LIBCONF_TEST := $(B)/tests/unit/libconf/test_conf

UNIT_TESTS += $(LIBCONF_TEST)

$(LIBCONF_TEST): tests/unit/libconf/test_conf.c $(LIBCONF_SRC) \
		dom0-rootfs/tools/libconf/conf.h | $(B)/.deps
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -Idom0-rootfs/tools $(filter %.c,$^) -lcmocka -o $@
