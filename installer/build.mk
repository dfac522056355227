# installer: the boot loader's image of an installed system, the engine.
INST := installer
GRUB_PC := $(B)/packages/grub-pc/usr/lib/grub/i386-pc
GRUB_EFI := $(B)/packages/grub-efi/usr/lib/grub/x86_64-efi
# What the menus need; the loaders never read a module from a disk.
GRUB_MODULES := part_gpt iso9660 gzio normal configfile loadenv regexp test echo \
	sleep serial terminal boot memdisk tar minicmd reboot halt
GRUB_PC_MODULES := $(GRUB_MODULES) biosdisk multiboot
GRUB_EFI_MODULES := $(GRUB_MODULES) part_msdos fat multiboot2 efi_gop

$(B)/packages/grub-pc.done: GRUB_PACKAGE := grub-pc-bin
$(B)/packages/grub-efi.done: GRUB_PACKAGE := grub-efi-amd64-bin
$(B)/packages/grub-pc.done $(B)/packages/grub-efi.done: $(B)/packages/%.done: \
		$(PKG)/fetch-deb.sh | $(APT)/apt.conf
	$(Q)echo "  FETCH    $(GRUB_PACKAGE)"
	$(Q)mkdir -p $(B)/packages
	$(Q)APT_DIR=$(APT) $(PKG)/fetch-deb.sh $(GRUB_PACKAGE) $(B)/packages/$* \
		$(B)/sbom/$*
	$(Q)touch $@

# $(call grub_efi,FOLDER,OPTIONS): a UEFI program with FOLDER/boot in it; its menu is
# boot/grub/grub.cfg.
define grub_efi
	$(Q)echo "  GRUB     $@"
	$(Q)tar -C $(1) --owner=0 --group=0 --mtime=@0 -cf $@.tar boot
	$(Q)grub-mkimage -O x86_64-efi -d $(GRUB_EFI) -p '(memdisk)/boot/grub' \
		$(2) -m $@.tar -o $@.tmp $(GRUB_EFI_MODULES)
	$(Q)rm $@.tar
	$(Q)mv $@.tmp $@
endef

# boot.img goes into the first sector, core.img into the BIOS boot partition.
$(B)/installer/core.img: $(INST)/loader/boot/grub/grub.cfg $(INST)/build.mk \
		$(B)/packages/grub-pc.done
	$(Q)echo "  GRUB     $@"
	$(Q)mkdir -p $(@D)
	$(Q)tar -C $(INST)/loader --owner=0 --group=0 --mtime=@0 \
		-cf $(B)/installer/memdisk.tar boot/grub/grub.cfg
	$(Q)grub-mkimage -O i386-pc -d $(GRUB_PC) -p '(memdisk)/boot/grub' \
		-m $(B)/installer/memdisk.tar -o $@.tmp $(GRUB_PC_MODULES)
	$(Q)mv $@.tmp $@
	$(Q)cp $(GRUB_PC)/boot.img $(@D)/boot.img

# The same menu for UEFI: EFI/BOOT/BOOTX64.EFI of the EFI partition.
$(B)/installer/bootx64.efi: $(INST)/loader/boot/grub/grub.cfg $(INST)/build.mk \
		$(B)/packages/grub-efi.done
	$(Q)mkdir -p $(@D)
	$(call grub_efi,$(INST)/loader)

# --- the engine and the slots' command ---------------------------------------
INST_CFLAGS = $(TOOL_CFLAGS) -I$(INST) -I$(INST)/engine -I$(DOM0)/tools
# Of libnet only what understands the text.
ENGINE_SRC := $(INST)/answers.c $(wildcard $(INST)/engine/*.c) $(LIBCONF_SRC) $(LIBSTORE_SRC) \
	$(addprefix $(DOM0)/tools/libnet/,net_parse.c net_check.c net_words.c)
SLOTS_SRC := $(INST)/slots/main.c $(addprefix $(INST)/engine/,bootenv.c disk.c \
	fault.c found.c gpt.c layout.c) $(LIBCONF_SRC)
$(B)/installer/o/installer/%.o: INST_DEFS := -D_GNU_SOURCE
ENGINE_OBJ := $(ENGINE_SRC:%.c=$(B)/installer/o/%.o)
SLOTS_OBJ := $(SLOTS_SRC:%.c=$(B)/installer/o/%.o)

$(sort $(ENGINE_OBJ) $(SLOTS_OBJ)): $(B)/installer/o/%.o: %.c | $(SYSROOT) \
		$(LIBSTORE_DEPS)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(INST_CFLAGS) $(INST_DEFS) -MMD -MP -c -o $@ $<

$(B)/installer/installer: $(ENGINE_OBJ) $(LIBSETTINGS)
	@echo "  LD       $@"
	$(Q)$(MUSLCC) $(INST_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS) $(LIBSTORE_LIBS) -lcrypt

$(B)/installer/slots: $(SLOTS_OBJ)
	@echo "  LD       $@"
	$(Q)$(MUSLCC) $(INST_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS)

TOOLS += $(B)/installer/installer $(B)/installer/slots
-include $(sort $(ENGINE_OBJ:.o=.d) $(SLOTS_OBJ:.o=.d))
