# libzstd, decoder only: zstd-compressed kernels and initramfs files.
source=libzstd
build() {
	make -j"$JOBS" -C lib libzstd.a CC="$CC" CFLAGS="$CFLAGS" \
		ZSTD_LIB_COMPRESSION=0 ZSTD_LIB_DICTBUILDER=0 \
		ZSTD_LIB_DEPRECATED=0 ZSTD_LEGACY_SUPPORT=0
	cp lib/zstd.h lib/zstd_errors.h "$SYSROOT/include/"
	cp lib/libzstd.a "$SYSROOT/lib/"
}
