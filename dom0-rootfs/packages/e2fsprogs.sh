# e2fsprogs: ext4 for system disks and storage pools. Wants libblkid and
# libuuid of util-linux.
source=e2fsprogs
build() {
	./configure --host=x86_64-linux-musl --disable-elf-shlibs \
		--disable-libblkid --disable-libuuid --disable-uuidd \
		--disable-fsck --disable-nls --disable-backtrace \
		--disable-debugfs --disable-imager --disable-defrag \
		--disable-fuse2fs --without-pthread \
		LIBS="-lblkid -luuid" \
		BLKID_CFLAGS=-I"$SYSROOT/include" BLKID_LIBS="-lblkid -luuid" \
		UUID_CFLAGS=-I"$SYSROOT/include" UUID_LIBS=-luuid
	make -j"$JOBS" libs
	make -j"$JOBS" -C misc mke2fs tune2fs
	make -j"$JOBS" -C e2fsck e2fsck
	make -j"$JOBS" -C resize resize2fs
	for program in misc/mke2fs misc/tune2fs e2fsck/e2fsck resize/resize2fs
	do
		strip -o "$OUT/${program##*/}" "$program"
	done
}
