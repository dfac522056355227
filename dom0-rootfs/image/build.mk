# The three images of the control domain, all in build/image/:
#   vmlinux            dom0's kernel, unpacked to ELF (the hypervisor loads it)
#   initramfs.zst      finds the medium and mounts the system image
#   system.img         the system: squashfs with tools, modules, demo guest
IMG := $(DOM0)/image
# How hard images are packed; 1 is right for a build that is only tried out.
LEVEL ?= 19
OVERLAY := $(shell find $(DOM0)/overlay -type f)
INITRAMFS_FILES := $(shell find $(IMG)/initramfs -type f)
IMAGES := $(B)/image/vmlinux $(B)/image/initramfs.zst $(B)/image/system.img
BZIMAGE = $(wildcard $(KERNEL)/boot/vmlinuz-*)
TREE_DEPS := $(IMG)/mktree.sh $(IMG)/modules.sh \
	$(B)/packages/busybox.done $(B)/packages/kernel-modules.done

.PHONY: image
image: $(IMAGES)

$(B)/packages/kernel-modules.done: $(B)/packages/kernel.done
	$(Q)depmod -b $(KERNEL) "$$(ls $(KERNEL)/lib/modules)"
	$(Q)touch $@

$(B)/image/vmlinux: $(IMG)/unpack-kernel.py $(B)/packages/kernel.done
	$(Q)echo "  UNPACK   $@"
	$(Q)mkdir -p $(@D)
	$(Q)$< $(KERNEL)/boot/vmlinuz-* $@

# In an archive of its own every file belongs to root, whoever builds.
PACK = (cd $(1) && find . | LC_ALL=C sort | \
	cpio -o -H newc -R 0:0 --quiet --reproducible)

# $(call INITRAMFS,TREE): the archive to standard output; before it, uncompressed, the
# microcode updates of the folder UCODE=, if any.
UCODE ?=
INITRAMFS = { $(IMG)/ucode.sh '$(UCODE)' && $(call PACK,$(1)) | zstd -q -$(LEVEL); }
$(B)/image/ucode.name: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(UCODE)' | cmp -s - $@ || echo '$(UCODE)' >$@

$(B)/image/initramfs.zst: $(IMG)/ucode.sh $(B)/image/ucode.name $(TREE_DEPS) $(IMG)/initramfs.list \
		$(INITRAMFS_FILES) $(OVERLAY) $(B)/image/system.img \
		$(B)/installer/slots $(B)/packages/mdadm.done \
		$(B)/packages/e2fsprogs.done
	$(Q)echo "  IMAGE    $@"
	$(Q)mkdir -p $(@D)
	$(Q)B=$(B) $(IMG)/mktree.sh $(B)/image/initramfs $(IMG)/initramfs.list \
		$(IMG)/initramfs
	$(Q)mkdir $(B)/image/initramfs/lower $(B)/image/initramfs/live \
		$(B)/image/initramfs/medium $(B)/image/initramfs/state
	$(Q)cp $(DOM0)/overlay/sbin/* $(B)/packages/mdadm/mdadm \
		$(B)/packages/e2fsprogs/e2fsck $(B)/image/initramfs/sbin/
	$(Q)strip -o $(B)/image/initramfs/sbin/slots $(B)/installer/slots
	$(Q)sha256sum <$(B)/image/system.img | cut -c1-64 \
		>$(B)/image/initramfs/etc/system.sum
	$(Q)$(call INITRAMFS,$(B)/image/initramfs) >$@.tmp
	$(Q)mv $@.tmp $@

$(B)/image/demo.gz: $(TREE_DEPS) $(IMG)/demo.list \
		$(shell find $(IMG)/demo -type f)
	$(Q)echo "  IMAGE    $@"
	$(Q)mkdir -p $(@D)
	$(Q)B=$(B) $(IMG)/mktree.sh $(B)/image/demo $(IMG)/demo.list $(IMG)/demo
	$(Q)$(call PACK,$(B)/image/demo) | gzip -9n >$@.tmp
	$(Q)mv $@.tmp $@

# The list of tools is a prerequisite: a tool that comes or goes counts.
$(B)/image/tools.list: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(TOOLS)' | cmp -s - $@ || echo '$(TOOLS)' >$@
.PHONY: FORCE
FORCE:

# Time zones and keyboard layouts.
$(B)/image/locale/.done: $(IMG)/locale.sh $(IMG)/keymaps.list \
		$(B)/packages/tzdata.done $(B)/packages/console-data.done
	$(Q)echo "  LOCALE   $(@D)"
	$(Q)B=$(B) $(IMG)/locale.sh $(IMG)/keymaps.list $(@D)
	$(Q)touch $@

$(B)/image/modules.list: $(IMG)/modules.list $(IMG)/network.list
	$(Q)cat $^ >$@

ROOT := $(B)/image/root
LVM_LINKS := pvs vgs lvs pvcreate pvremove vgcreate vgremove vgextend vgchange \
	lvcreate lvremove lvextend lvchange lvconvert lvrename vgscan
$(B)/image/system.img: $(TREE_DEPS) $(B)/image/modules.list $(IMG)/build.mk \
		$(OVERLAY) $(wildcard configs/guests/*) $(TOOLS) \
		installer/repair/repair-system \
		$(B)/image/tools.list $(B)/image/demo.gz $(B)/sbom.txt \
		$(B)/packages/iptables.done $(GRUB_PVH) \
		$(B)/packages/dropbear.done $(B)/image/locale/.done \
		$(patsubst %,$(B)/packages/%.done,util-linux e2fsprogs lvm2 mdadm) \
		$(B)/installer/core.img $(B)/installer/bootx64.efi
	$(Q)echo "  IMAGE    $@"
	$(Q)B=$(B) $(IMG)/mktree.sh $(ROOT) $(B)/image/modules.list $(DOM0)/overlay
	$(Q)for tool in $(TOOLS); do \
		strip -o $(ROOT)/usr/sbin/$${tool##*/} $$tool || exit 1; done
	$(Q)[ ! -e $(ROOT)/usr/sbin/xl ] || ln -s xl $(ROOT)/usr/sbin/xm
	$(Q)for name in $(XENSTORE_LINKS); do \
		ln -s xenstore $(ROOT)/usr/sbin/$$name; done
	$(Q)ln -s basalt $(ROOT)/usr/sbin/console
	$(Q)cp -r $(B)/packages/ncurses/terminfo $(ROOT)/usr/share/
	$(Q)cp installer/repair/repair-system $(ROOT)/usr/sbin/
	$(Q)mkdir -p $(ROOT)/usr/lib/locale/C.utf8
	$(Q)cp /usr/lib/locale/C.utf8/LC_CTYPE $(ROOT)/usr/lib/locale/C.utf8/
	$(Q)cp $(B)/packages/iptables/iptables $(ROOT)/usr/sbin/
	$(Q)cp --remove-destination $(addprefix $(B)/packages/, \
		e2fsprogs/* util-linux/* lvm2/lvm mdadm/mdadm) $(ROOT)/sbin/
	$(Q)for name in $(LVM_LINKS); do ln -s lvm $(ROOT)/sbin/$$name; done
	$(Q)ln -s /sbin/modprobe $(ROOT)/usr/sbin/modprobe # where lvm looks
	$(Q)ln -sf mke2fs $(ROOT)/sbin/mkfs.ext4
	$(Q)ln -sf e2fsck $(ROOT)/sbin/fsck.ext4
	$(Q)cp $(B)/packages/dropbear/dropbearmulti $(ROOT)/usr/sbin/dropbear
	$(Q)ln -s dropbear $(ROOT)/usr/sbin/dropbearkey
	$(Q)ln -s ../sbin/dropbear $(ROOT)/usr/bin/scp
	$(Q)cp -a $(B)/image/locale/zoneinfo $(B)/image/locale/keymaps \
		$(ROOT)/usr/share/
	$(Q)cp configs/guests/*.cfg $(ROOT)/etc/basalt/
	$(Q)cp $(GRUB_PVH) $(ROOT)/usr/lib/basalt/
	$(Q)mkdir $(ROOT)/usr/lib/basalt/boot
	$(Q)cp $(addprefix $(B)/installer/,core.img boot.img bootx64.efi) \
		$(ROOT)/usr/lib/basalt/boot/
	$(Q)cp $(B)/sbom.txt $(ROOT)/usr/share/basalt/
	$(Q)mkdir $(ROOT)/usr/lib/basalt/demo
	$(Q)cp $(BZIMAGE) $(ROOT)/usr/lib/basalt/demo/vmlinuz
	$(Q)cp $(B)/image/demo.gz $(ROOT)/usr/lib/basalt/demo/initramfs.gz
	$(Q)rm -f $@.tmp
	$(Q)mksquashfs $(ROOT) $@.tmp -comp zstd -Xcompression-level $(LEVEL) -b 256K \
		-all-root -noappend -no-xattrs -quiet -no-progress
	$(Q)mv $@.tmp $@
