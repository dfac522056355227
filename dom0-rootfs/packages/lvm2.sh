# lvm2: storage pools. Static, without udev (nothing here runs it): the nodes
# in /dev/mapper are made by the tool itself.
source=lvm2
build() {
	# What musl lacks: malloc's statistics, standard streams that are
	# variables.
	sed -i -e 's/struct mallinfo inf = mallinfo();/struct { int hblks; } inf = { 0 };/' \
		-e '/inf = mallinfo();/d' lib/mm/memlock.c
	sed -i 's/(\(std[a-z]*\) = fopen(_PATH_DEVNULL, \("."\)))/freopen(_PATH_DEVNULL, \2, \1)/' \
		tools/lvmcmdline.c
	./configure --host=x86_64-linux-musl --enable-static_link \
		--disable-selinux --disable-readline --disable-udev_sync \
		--disable-udev_rules --disable-dmeventd --disable-lvmpolld \
		--disable-dbus-service --disable-nls --disable-use-lvmlockd \
		--disable-fsadm --with-thin=internal --with-snapshots=internal \
		--with-mirrors=internal --with-cache=none --with-vdo=none \
		--with-writecache=none --with-integrity=none --with-symvers=no \
		--with-default-run-dir=/run/lvm \
		--with-default-locking-dir=/run/lock/lvm \
		--with-default-system-dir=/etc/lvm \
		--with-default-pid-dir=/run --with-default-dm-run-dir=/run \
		ac_cv_func_malloc_0_nonnull=yes ac_cv_func_realloc_0_nonnull=yes \
		BLKID_CFLAGS=-I"$SYSROOT/include/blkid" BLKID_LIBS="-lblkid -luuid" \
		UUID_CFLAGS=-I"$SYSROOT/include" UUID_LIBS=-luuid
	make -j"$JOBS" libdm
	make -j"$JOBS" lib libdaemon base device_mapper
	make -j"$JOBS" -C tools lvm.static
	strip -o "$OUT/lvm" tools/lvm.static
}
