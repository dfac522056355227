# dom0-rootfs: everything that lives in the control domain. This file builds
# the borrowed packages, includes the rules of our own tools, and assembles
# the system image (image/).
#
# For a tool's build.mk: compile with $(MUSLCC) $(TOOL_CFLAGS), link with
# $(TOOL_LDFLAGS), put an order-only prerequisite on $(SYSROOT) for the headers
# and on $(B)/packages/<name>.done for a library, and append the binary to
# TOOLS.
DOM0 := dom0-rootfs
PKG := $(DOM0)/packages
APT := $(B)/apt
SYSROOT := $(B)/sysroot/.done

MUSLCC := musl-gcc
TOOL_CFLAGS = $(WARN) -O2 -g -isystem $(B)/sysroot/include
TOOL_LDFLAGS := -static -L$(B)/sysroot/lib
TOOLS :=

# --- borrowed packages -------------------------------------------------------
# Built from source on musl: one recipe each.
SOURCE_PACKAGES := zlib xz zstd json-c busybox iptables ncurses libvterm \
	util-linux libaio e2fsprogs lvm2 mdadm libqcow libvmdk libvhdi \
	libxcrypt dropbear
# Taken as Debian built them; "+" follows a metapackage's dependency.
KERNEL := $(B)/packages/kernel
# Data only: time zones, keyboard layouts, a font.
DATA_PACKAGES := tzdata console-data console-setup-linux
GRUB_XEN := $(B)/packages/grub-xen/usr/lib/grub/i386-xen_pvh
GRUB_PVH := $(B)/image/grub-i386-xen_pvh.bin

$(APT)/apt.conf: $(PKG)/apt.sh | $(B)/.deps
	$(Q)echo "  APT      package lists"
	$(Q)mkdir -p $(APT)
	$(Q)$(PKG)/apt.sh $(APT) >$(APT)/update.log 2>&1 || \
		{ rm -f $@; cat $(APT)/update.log; exit 1; }

# Kernel and Xen headers beside the libraries; musl-gcc looks nowhere else.
$(SYSROOT): | $(B)/.deps
	$(Q)mkdir -p $(B)/sysroot/include $(B)/sysroot/lib
	$(Q)ln -sfn /usr/include/linux $(B)/sysroot/include/linux
	$(Q)ln -sfn /usr/include/asm-generic $(B)/sysroot/include/asm-generic
	$(Q)ln -sfn /usr/include/x86_64-linux-gnu/asm $(B)/sysroot/include/asm
	$(Q)ln -sfn /usr/include/mtd $(B)/sysroot/include/mtd
	$(Q)ln -sfn /usr/include/xen $(B)/sysroot/include/xen
	$(Q)touch $@

$(SOURCE_PACKAGES:%=$(B)/packages/%.done): $(B)/packages/%.done: \
		$(PKG)/%.sh $(PKG)/build-source.sh | $(APT)/apt.conf $(SYSROOT)
	$(Q)echo "  PACKAGE  $*"
	$(Q)B=$(B) APT_DIR=$(APT) $(PKG)/build-source.sh $*
	$(Q)touch $@

$(B)/packages/busybox.done: $(PKG)/busybox.config
$(patsubst %,$(B)/packages/%.done,libqcow libvmdk libvhdi): $(PKG)/libyal.inc
# Libraries of other packages that they link with.
$(B)/packages/libqcow.done $(B)/packages/libvmdk.done: | $(B)/packages/zlib.done
$(B)/packages/e2fsprogs.done: | $(B)/packages/util-linux.done
$(B)/packages/lvm2.done: | $(patsubst %,$(B)/packages/%.done,util-linux libaio)
$(B)/packages/dropbear.done: $(B)/packages/libxcrypt.done

$(B)/packages/kernel.done: $(PKG)/fetch-deb.sh | $(APT)/apt.conf
	$(Q)echo "  FETCH    linux-image-amd64"
	$(Q)mkdir -p $(B)/packages
	$(Q)APT_DIR=$(APT) $(PKG)/fetch-deb.sh linux-image-amd64+ $(KERNEL) \
		$(B)/sbom/kernel
	$(Q)touch $@

$(B)/packages/grub-xen.done: $(PKG)/fetch-deb.sh | $(APT)/apt.conf
	$(Q)echo "  FETCH    grub-xen-bin"
	$(Q)mkdir -p $(B)/packages
	$(Q)APT_DIR=$(APT) $(PKG)/fetch-deb.sh grub-xen-bin $(B)/packages/grub-xen \
		$(B)/sbom/grub-xen
	$(Q)touch $@

# GRUB as VMs start by it: all of its modules but those that the menu loads itself.
GRUB_PVH_LATER := linux multiboot
GRUB_PVH_WITHOUT := $(GRUB_PVH_LATER) multiboot2 legacycfg %_test hello
$(GRUB_PVH): $(DOM0)/grub-pvh/start/grub.cfg $(DOM0)/build.mk $(B)/packages/grub-xen.done
	$(Q)echo "  GRUB     $@"
	$(Q)mkdir -p $(B)/image/grub-pvh/start
	$(Q)cp $< $(GRUB_PVH_LATER:%=$(GRUB_XEN)/%.mod) $(B)/image/grub-pvh/start/
	$(Q)tar -C $(B)/image/grub-pvh --owner=0 --group=0 --mtime=@0 -cf $@.tar start
	$(Q)echo 'normal (memdisk)/start/grub.cfg' >$@.cfg
	$(Q)grub-mkimage -O i386-xen_pvh -d $(GRUB_XEN) -p '(memdisk)/start' -m $@.tar \
		-c $@.cfg -o $@.tmp $(filter-out $(GRUB_PVH_WITHOUT),$(basename \
		$(notdir $(shell ls $(GRUB_XEN)/*.mod))))
	$(Q)rm $@.tar $@.cfg
	$(Q)mv $@.tmp $@

$(DATA_PACKAGES:%=$(B)/packages/%.done): $(B)/packages/%.done: \
		$(PKG)/fetch-deb.sh | $(APT)/apt.conf
	$(Q)echo "  FETCH    $*"
	$(Q)mkdir -p $(B)/packages
	$(Q)APT_DIR=$(APT) $(PKG)/fetch-deb.sh $* $(B)/packages/$* $(B)/sbom/$*
	$(Q)touch $@

.PHONY: packages
packages: $(SOURCE_PACKAGES:%=$(B)/packages/%.done) \
	$(DATA_PACKAGES:%=$(B)/packages/%.done) \
	$(B)/packages/kernel.done $(B)/packages/grub-xen.done

# --- our tools ---------------------------------------------------------------
include $(wildcard $(DOM0)/tools/*/build.mk)
include tui-console/build.mk
include installer/build.mk
include installer/screens/build.mk

.PHONY: tools
tools: $(TOOLS)

# --- what is borrowed --------------------------------------------------------
$(B)/sbom.txt: $(DOM0)/sbom/sbom.sh configs/known-good.txt \
		$(SOURCE_PACKAGES:%=$(B)/packages/%.done) \
		$(DATA_PACKAGES:%=$(B)/packages/%.done) $(B)/packages/grub-pc.done \
		$(B)/packages/grub-efi.done \
		$(B)/packages/kernel.done $(B)/packages/grub-xen.done
	$(Q)$< $(B)/sbom configs/known-good.txt $@

include $(DOM0)/image/build.mk
