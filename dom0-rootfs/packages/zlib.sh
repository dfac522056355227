# zlib: gzip-compressed kernels and initramfs files.
source=zlib
build() {
	./configure --static
	make -j"$JOBS" libz.a
	cp zlib.h zconf.h "$SYSROOT/include/"
	cp libz.a "$SYSROOT/lib/"
}
