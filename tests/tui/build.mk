# Tests of the console's screens on a pseudo-terminal: README.md. The programs are
# those of the image, with fake/hv.c in place of libhv.
TUI_TEST := tests/tui
TUI_B := $(B)/tests/tui
TUI_FAKE := $(patsubst %,$(TUI_B)/%.o,hv host)
TUI_LINK = $(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS)

$(TUI_B)/%.o: $(TUI_TEST)/fake/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools -MMD -MP -c $< -o $@

$(TUI_B)/bin/basalt: $(CONSOLE_OBJ) $(CONSOLE_LIBS) $(LIBDOM) $(TUI_FAKE)
	$(Q)mkdir -p $(@D)
	$(TUI_LINK) $(CONSOLE_SYSTEM_LIBS)
$(TUI_B)/bin/hostd: $(HOSTD_OBJ) $(LIBMETRICS) $(LIBDOM) $(TUI_FAKE)
	$(Q)mkdir -p $(@D)
	$(TUI_LINK)
$(TUI_B)/bin/xl: $(XL_OBJ) $(LIBDOM) $(TUI_FAKE)
	$(Q)mkdir -p $(@D)
	$(TUI_LINK)
$(TUI_B)/bin/fakehost: $(TUI_B)/main.o $(LIBDOM) $(TUI_FAKE)
	$(Q)mkdir -p $(@D)
	$(TUI_LINK)

TUI_BIN := $(patsubst %,$(TUI_B)/bin/%,basalt hostd xl fakehost)

.PHONY: check-tui
check-tui: deps $(TUI_BIN) $(TOOLS) \
		$(B)/packages/busybox.done $(B)/packages/ncurses.done
	$(Q)echo '$(TOOLS)' >$(TUI_B)/tools
	$(Q)BUILD=$(B) /usr/bin/python3 \
		-m pytest -q -p no:cacheprovider $(TUI_TEST) \
		$(if $(TESTS),-k "$(TESTS)")

-include $(wildcard $(TUI_B)/*.d)
