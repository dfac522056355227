# netboot: what a server of TFTP or HTTP gives to machines that start over the
# network, in one folder: loaders for BIOS and UEFI, the menu, what they load,
# and the ISO, which the initramfs fetches. docs/INSTALL.md says how it is used.
NETBOOT := $(B)/netboot
GRUB_NET_MODULES := net tftp http

.PHONY: netboot
netboot: deps $(NETBOOT)/.done
	@echo "$(NETBOOT) holds it: docs/INSTALL.md, \"Over the network\""

$(B)/iso/netboot.tar: iso/netboot/loader.cfg
	$(Q)mkdir -p $(B)/iso/netboot/boot/grub
	$(Q)cp $< $(B)/iso/netboot/boot/grub/grub.cfg
	$(Q)tar -C $(B)/iso/netboot --owner=0 --group=0 --mtime=@0 -cf $@ boot

$(B)/iso/basalt.0 $(B)/iso/basalt.efi: $(B)/iso/netboot.tar iso/netboot.mk \
		installer/build.mk $(B)/packages/grub-pc.done $(B)/packages/grub-efi.done

$(B)/iso/basalt.0:
	$(Q)echo "  GRUB     $@"
	$(Q)grub-mkimage -O i386-pc-pxe -d $(GRUB_PC) -p '(memdisk)/boot/grub' \
		-m $< -o $@ $(GRUB_PC_MODULES) pxe $(GRUB_NET_MODULES)

$(B)/iso/basalt.efi:
	$(Q)echo "  GRUB     $@"
	$(Q)grub-mkimage -O x86_64-efi -d $(GRUB_EFI) -p '(memdisk)/boot/grub' \
		-m $< -o $@ $(GRUB_EFI_MODULES) efinet $(GRUB_NET_MODULES)

# The medium's initramfs with the drivers of network cards.
$(B)/iso/netboot.list: $(IMG)/initramfs.list $(IMG)/network.list
	$(Q)mkdir -p $(@D)
	$(Q)cat $^ >$@

$(B)/iso/initramfs-net.zst: $(B)/image/initramfs.zst $(B)/iso/netboot.list
	$(Q)echo "  IMAGE    $@"
	$(Q)rm -rf $(B)/iso/initramfs
	$(Q)cp -a $(B)/image/initramfs $(B)/iso/initramfs
	$(Q)$(IMG)/modules.sh $(B)/iso/netboot.list $(B)/packages/kernel \
		$(B)/iso/initramfs
	$(Q)$(call INITRAMFS,$(B)/iso/initramfs) >$@.tmp
	$(Q)mv $@.tmp $@

$(NETBOOT)/.done: $(ISO) $(B)/iso/basalt.0 $(B)/iso/basalt.efi \
		$(B)/iso/initramfs-net.zst iso/netboot/netboot.cfg
	$(Q)rm -rf $(NETBOOT)
	$(Q)mkdir -p $(NETBOOT)
	$(Q)cp $(B)/iso/basalt.0 $(B)/iso/basalt.efi $(B)/iso/vmlinux.gz \
		$(NETBOOT)/
	$(Q)cp $(HV_IMAGE) $(NETBOOT)/basalt.elf
	$(Q)ln $(ISO) $(NETBOOT)/basalt.iso
	$(Q)cp $(B)/iso/initramfs-net.zst $(NETBOOT)/initramfs.zst
	$(Q)$(fill_in) iso/netboot/netboot.cfg \
		>$(NETBOOT)/netboot.cfg
	$(Q)touch $@
