# dom0-rootfs
