# iso: the bootable medium, and `make run`.
#
# HV_IMAGE and HV_ARGS may name another multiboot hypervisor of the same ABI.
ISO := $(B)/basalt.iso
VERSION := 0.2
HV_IMAGE ?= $(B)/hypervisor/basalt.elf
# How much memory dom0 gets is the hypervisor's choice, by the size of the host.
HV_ARGS ?= console=com1,vga
DOM0_ARGS ?=
SYSLINUX := /usr/lib/syslinux/modules/bios

.PHONY: iso
iso: deps $(ISO)

$(B)/iso/vmlinux.gz: $(B)/image/vmlinux
	$(Q)echo "  GZIP     $@"
	$(Q)mkdir -p $(@D)
	$(Q)gzip -9nc $< >$@.tmp
	$(Q)mv $@.tmp $@

# What was given on the command line last time; a change makes a new ISO.
$(B)/iso/options: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(HV_IMAGE) $(HV_ARGS) $(DOM0_ARGS)' | cmp -s - $@ || \
		echo '$(HV_IMAGE) $(HV_ARGS) $(DOM0_ARGS)' >$@

# What both menus are made of.
fill_in = sed -e 's|@HV@|$(HV_ARGS)|' -e 's|@DOM0@|$(DOM0_ARGS)|'

# --- UEFI: a program with the menu in it, in a file system of its own --------
$(B)/iso/bootx64.efi $(B)/iso/signed.efi: iso/grub.cfg $(B)/iso/options iso/build.mk \
		installer/build.mk $(B)/packages/grub-efi.done

$(B)/iso/bootx64.efi:
	$(Q)mkdir -p $(B)/iso/menu/boot/grub
	$(Q)$(fill_in) iso/grub.cfg >$(B)/iso/menu/boot/grub/grub.cfg
	$(call grub_efi,$(B)/iso/menu)

# For Secure Boot, with SB_KEY= and SB_CERT= (PEM): hypervisor, kernel and initramfs
# are in the program, too: one file, signed, that the firmware checks as a whole.
$(B)/iso/signed.efi: $(HV_IMAGE) $(B)/iso/vmlinux.gz $(B)/image/initramfs.zst \
		$(SB_KEY) $(SB_CERT)
	$(Q)mkdir -p $(B)/iso/unified/boot/grub
	$(Q)$(fill_in) iso/grub.cfg >$(B)/iso/unified/boot/grub/grub.cfg
	$(Q)cp $(HV_IMAGE) $(B)/iso/unified/boot/basalt.elf
	$(Q)cp $(B)/iso/vmlinux.gz $(B)/image/initramfs.zst $(B)/iso/unified/boot/
	$(call grub_efi,$(B)/iso/unified,--disable-shim-lock)
	$(Q)mv $@ $@.unsigned
	$(Q)sbsign --key '$(SB_KEY)' --cert '$(SB_CERT)' --output $@ $@.unsigned \
		2>$@.log || { cat $@.log; exit 1; }

# The EFI partition of a stick, the El Torito image of a CD.
$(B)/iso/bootx64.img $(B)/iso/signed.img: %.img: %.efi
	$(Q)rm -f $@.tmp
	$(Q)mkfs.vfat -C -n BASALT-EFI -i 0ba5a170 --invariant $@.tmp \
		$$(( $$(stat -c %s $<) / 1024 + 512 )) >/dev/null
	$(Q)mmd -i $@.tmp ::EFI ::EFI/BOOT
	$(Q)mcopy -i $@.tmp $< ::EFI/BOOT/BOOTX64.EFI
	$(Q)mv $@.tmp $@

EFI_IMAGE := $(B)/iso/$(if $(SB_KEY),signed,bootx64).img
$(B)/iso/efi.name: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(EFI_IMAGE)' | cmp -s - $@ || echo '$(EFI_IMAGE)' >$@

# --- the medium ----------------------------------------------------------------
$(ISO): $(HV_IMAGE) $(B)/iso/vmlinux.gz $(IMAGES) $(B)/sbom.txt $(B)/iso/options \
		$(EFI_IMAGE) $(B)/iso/efi.name iso/isolinux.cfg iso/build.mk
	$(Q)echo "  ISO      $@"
	$(Q)rm -rf $(B)/iso/tree
	$(Q)mkdir -p $(B)/iso/tree/boot $(B)/iso/tree/isolinux
	$(Q)cp $(HV_IMAGE) $(B)/iso/tree/boot/basalt.elf
	$(Q)cp $(B)/iso/vmlinux.gz $(B)/image/initramfs.zst \
		$(B)/image/system.img $(B)/iso/tree/boot/
	$(Q)cp $(EFI_IMAGE) $(B)/iso/tree/boot/efi.img
	$(Q)cp $(B)/sbom.txt LICENSE $(B)/iso/tree/
	$(Q)cp /usr/lib/ISOLINUX/isolinux.bin \
		$(foreach m,ldlinux libcom32 libutil mboot menu chain,$(SYSLINUX)/$m.c32) \
		$(B)/iso/tree/isolinux/
	$(Q)$(fill_in) iso/isolinux.cfg >$(B)/iso/tree/isolinux/isolinux.cfg
	$(Q)printf 'set hv_args="%s"\nset dom0_args="%s"\n' '$(HV_ARGS)' \
		'$(DOM0_ARGS) quiet panic=20 console=hvc0 console=tty0' \
		>$(B)/iso/tree/boot/args.cfg
	$(Q)echo "$(VERSION)-$$(sha256sum <$(B)/image/system.img | cut -c1-8)" \
		>$(B)/iso/tree/boot/version
	$(Q)cd $(B)/iso/tree && sha256sum boot/* sbom.txt LICENSE >$(CURDIR)/$(B)/iso/sums
	$(Q)mv $(B)/iso/sums $(B)/iso/tree/boot/SHA256SUMS
	$(Q)xorriso -as mkisofs -quiet -o $@.tmp -V BASALT -iso-level 3 -R \
		-uid 0 -gid 0 -b isolinux/isolinux.bin -c isolinux/boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table \
		-eltorito-alt-boot -e boot/efi.img -no-emul-boot \
		-isohybrid-mbr /usr/lib/ISOLINUX/isohdpfx.bin \
		-isohybrid-gpt-basdat \
		$(B)/iso/tree >$(B)/iso/xorriso.log 2>&1 || \
		{ cat $(B)/iso/xorriso.log; exit 1; }
	$(Q)mv $@.tmp $@
	$(Q)echo "           $$(( $$(stat -c %s $@) / 1048576 )) MiB"

.PHONY: run
run: iso
	@DISK='$(DISK)' DISK_SIZE='$(DISK_SIZE)' MEDIUM='$(MEDIUM)' \
		MEM='$(MEM)' SMP='$(SMP)' CPU='$(CPU)' UEFI='$(UEFI)' \
		QEMU_ARGS='$(QEMU_ARGS)' iso/run.sh $(ISO)

# The machine waits for a debugger, which `make gdb` in another terminal is.
.PHONY: run-gdb gdb
run-gdb: QEMU_ARGS += -s -S
run-gdb: run

gdb: $(HV)/basalt.sym
	@gdb -q $< -ex 'set architecture i386:x86-64' -ex 'target remote :1234' \
		-ex 'hbreak hv_main'

include iso/netboot.mk
