# tui-console: the console, one static program over libdom and the libraries beside
# it. Every .c file of ui/, model/ and screens/ is in it: a new screen needs no line
# here. A library that screens use goes on the line CONSOLE_LIBS.
CONSOLE := $(B)/tools/basalt
CONSOLE_SRC := $(wildcard tui-console/*.c tui-console/ui/*.c tui-console/model/*.c \
	tui-console/screens/*.c)
CONSOLE_OBJ := $(CONSOLE_SRC:tui-console/%.c=$(B)/tools/console/%.o)
CONSOLE_LIBS := $(LIBMETRICS) $(LIBSETTINGS) \
	$(patsubst %.c,$(B)/tools/storage.o/%.o,$(LIBSTORE_SRC) $(LIBCONF_SRC)) \
	$(patsubst %.c,$(B)/tools/task.o/%.o,$(LIBTASK_SRC)) $(LIBNET)
CONSOLE_SYSTEM_LIBS := -lncursesw -lvterm -lm -lcrypt $(LIBSTORE_LIBS)
CONSOLE_PACKAGES := ncurses libvterm libxcrypt

$(CONSOLE_OBJ): $(B)/tools/console/%.o: tui-console/%.c | $(SYSROOT) \
		$(CONSOLE_PACKAGES:%=$(B)/packages/%.done)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Itui-console -Idom0-rootfs/tools \
		-MMD -MP -c -o $@ $<

$(CONSOLE): $(CONSOLE_OBJ) $(CONSOLE_LIBS) $(LIBDOM) $(LIBHV)
	@echo "  LD       $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS) $(CONSOLE_SYSTEM_LIBS)

TOOLS += $(CONSOLE)
-include $(CONSOLE_OBJ:.o=.d)
