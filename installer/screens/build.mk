# The installer's screens. Debian's libdialog is built for glibc and does not
# link with musl: this one program is linked statically with glibc.
SCR := installer/screens
SCR_DIR := $(B)/installer/screens
SCR_PURE := choices choices_text pages text verdict
SCR_SRC := main box run save repair facts facts_disk page_start page_disk \
	page_network page_settings page_run $(SCR_PURE)
# What the engine knows about disks, for this C library.
SCR_ENGINE := disk contents found gpt layout fault bootenv
SCR_OBJ := $(SCR_SRC:%=$(SCR_DIR)/%.o) $(SCR_ENGINE:%=$(SCR_DIR)/engine/%.o)

$(SCR_DIR)/engine/%.o: installer/engine/%.c | $(B)/.deps
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(WARN) -D_GNU_SOURCE -Iinstaller -Idom0-rootfs/tools -O2 -g \
		-MMD -MP -c -o $@ $<

$(SCR_DIR)/%.o: $(SCR)/%.c | $(B)/.deps
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(WARN) -D_GNU_SOURCE -Iinstaller -O2 -g -MMD -MP -c -o $@ $<

$(SCR_DIR)/setup: $(SCR_OBJ)
	@echo "  LD       $@"
	$(Q)gcc -static -o $@ $^ -Wl,--wrap=wget_wch -ldialog -lncursesw -ltinfo -lblkid -lcrypt -lm

TOOLS += $(SCR_DIR)/setup
-include $(SCR_OBJ:.o=.d)
