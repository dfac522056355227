# Unit tests of the installer's screens: what needs no terminal.
SETUP_TEST := $(B)/tests/unit/setup
SETUP_TEST_SRC := choices choices_text pages text verdict facts facts_disk
SETUP_TEST_ENGINE := $(SCR_ENGINE:%=$(SETUP_TEST)/engine/%.o)

$(SETUP_TEST)/engine/%.o: installer/engine/%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -Iinstaller -Idom0-rootfs/tools -MMD \
		-c $< -o $@

$(SETUP_TEST)/%.o: installer/screens/%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -Iinstaller -MMD -c $< -o $@

$(SETUP_TEST)/test_%.o: tests/unit/setup/test_%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -Iinstaller/screens -MMD -c $< -o $@

$(SETUP_TEST)/test_setup: $(SETUP_TEST)/test_setup.o \
		$(SETUP_TEST_SRC:%=$(SETUP_TEST)/%.o) $(SETUP_TEST_ENGINE)
	@echo "  LD       $@"
	$(Q)gcc -fsanitize=address,undefined $^ -lcmocka -lblkid -lcrypt -o $@

UNIT_TESTS += $(SETUP_TEST)/test_setup
-include $(wildcard $(SETUP_TEST)/*.d)
