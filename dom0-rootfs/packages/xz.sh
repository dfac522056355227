# liblzma: the payload of Debian's kernels is an xz stream.
source=xz-utils
build() {
	./configure --host=x86_64-linux-musl --disable-shared --disable-nls \
		--disable-doc --disable-scripts --disable-xz --disable-xzdec \
		--disable-lzmadec --disable-lzmainfo --disable-lzma-links \
		--disable-threads --disable-encoders
	make -j"$JOBS" -C src/liblzma
	cp -r src/liblzma/api/lzma.h src/liblzma/api/lzma "$SYSROOT/include/"
	cp src/liblzma/.libs/liblzma.a "$SYSROOT/lib/"
}
