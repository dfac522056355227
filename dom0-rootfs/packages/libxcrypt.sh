# libcrypt: password hashes (Debian's musl has no crypt()).
source=libxcrypt
build() {
	autoreconf -i
	./configure --host=x86_64-linux-musl --disable-shared \
		--enable-hashes=yescrypt,sha512crypt,sha256crypt \
		--disable-obsolete-api --disable-failure-tokens \
		--disable-xcrypt-compat-files --disable-werror --disable-valgrind
	make -j"$JOBS" libcrypt.la crypt.h
	cp crypt.h "$SYSROOT/include/"
	cp .libs/libcrypt.a "$SYSROOT/lib/"
}
