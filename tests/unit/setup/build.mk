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

# The same texts, read by those they are for.
$(SETUP_TEST)/test_understood: tests/unit/setup/test_understood.c \
		$(addprefix installer/,answers.c engine/match.c) $(LIBCONF_SRC) \
		$(addprefix $(DOM0)/tools/libnet/,net_parse.c net_check.c \
			net_words.c) \
		$(patsubst %,$(SETUP_TEST)/%.o,choices choices_text facts \
			facts_disk text) $(SETUP_TEST_ENGINE)
	@mkdir -p $(@D)
	$(Q)gcc $(UT_CFLAGS) -D_GNU_SOURCE -Iinstaller/screens -Iinstaller \
		-I$(DOM0)/tools $^ -lcmocka -lblkid -lcrypt -o $@

UNIT_TESTS += $(SETUP_TEST)/test_setup $(SETUP_TEST)/test_understood
-include $(wildcard $(SETUP_TEST)/*.d)
