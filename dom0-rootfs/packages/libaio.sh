# libaio: the disk access of LVM's tools.
source=libaio
build() {
	make -j"$JOBS" -C src CFLAGS="$CFLAGS -I. -fPIC" LDFLAGS= libaio.a
	cp src/libaio.h "$SYSROOT/include/"
	cp src/libaio.a "$SYSROOT/lib/"
}
