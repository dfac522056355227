# libstore: disks, pools, volumes, images; sources that users link in, with
# LIBCONF_SRC and LIBSTORE_LIBS. Include "libstore/libstore.h".
LIBSTORE_SRC := $(patsubst %,dom0-rootfs/tools/libstore/%.c,common copy dir disk \
	image image_qcow image_vhd image_vmdk lvm media pool pools_conf probe qcow_check run \
	volume)
LIBSTORE_LIBS := -lqcow -lvmdk -lvhdi -lblkid -luuid -lz
LIBSTORE_DEPS := $(patsubst %,$(B)/packages/%.done,util-linux libqcow libvmdk \
	libvhdi zlib)
