# util-linux: sfdisk (partitions) and wipefs; libblkid, which knows what is on
# a disk, and libuuid, for our tools and other packages.
source=util-linux
build() {
	fresh
	./configure --host=x86_64-linux-musl --disable-all-programs \
		--disable-shared --enable-static --enable-libuuid \
		--enable-libblkid --enable-libfdisk --enable-libsmartcols \
		--enable-fdisks=check --enable-wipefs \
		--disable-nls --disable-asciidoc --disable-poman \
		--without-ncurses --without-ncursesw --without-tinfo \
		--without-readline --without-systemd --without-udev \
		--without-python --without-selinux --without-audit
	make -j"$JOBS" sfdisk wipefs LDFLAGS="-all-static $LDFLAGS"
	for lib in uuid blkid; do
		cp ".libs/lib$lib.a" "$SYSROOT/lib/"
		mkdir -p "$SYSROOT/include/$lib"
	done
	cp libuuid/src/uuid.h "$SYSROOT/include/uuid/"
	cp libblkid/src/blkid.h "$SYSROOT/include/blkid/"
	strip -o "$OUT/sfdisk" sfdisk
	strip -o "$OUT/wipefs" wipefs
}
