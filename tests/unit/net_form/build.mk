# Unit test of what the console's network fields mean.
NET_FORM_TEST := $(B)/tests/unit/net_form/test_net_form

UNIT_TESTS += $(NET_FORM_TEST)

$(NET_FORM_TEST): tests/unit/net_form/test_net_form.c tui-console/model/net_form.c \
		tui-console/model/net_form.h $(LIBNET_SRC) $(LIBCONF_SRC) | $(B)/.deps
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -I$(DOM0)/tools -Itui-console \
		$(filter %.c,$^) -lcmocka -o $@
