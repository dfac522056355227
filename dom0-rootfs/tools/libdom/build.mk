# libdom: the VM library. The archive holds all that it needs besides libhv: the
# xenstore client and the decompressors, so that a program names two libraries.
LIBDOM := $(B)/tools/libdom/libdom.a
LIBDOM_SRC := $(wildcard dom0-rootfs/tools/libdom/*.c dom0-rootfs/tools/libxs/*.c) \
	dom0-rootfs/tools/libconf/file.c
LIBDOM_OBJ := $(LIBDOM_SRC:dom0-rootfs/tools/%.c=$(B)/tools/libdom/%.o)
LIBDOM_PACKAGES := zlib xz zstd
LIBDOM_PARTS := $(patsubst %,$(B)/sysroot/lib/%.a,liblzma libz libzstd)

$(LIBDOM_OBJ): $(B)/tools/libdom/%.o: dom0-rootfs/tools/%.c | $(SYSROOT) \
		$(LIBDOM_PACKAGES:%=$(B)/packages/%.done)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(LIBDOM): $(LIBDOM_OBJ)
	@echo "  AR       $@"
	$(Q)rm -f $@
	$(Q)( echo "CREATE $@"; for o in $^; do echo "ADDMOD $$o"; done; \
		for l in $(LIBDOM_PARTS); do echo "ADDLIB $$l"; done; \
		echo SAVE; echo END ) | ar -M

-include $(LIBDOM_OBJ:.o=.d)
