# libvterm: what a guest writes to its console, understood as a screen.
source=libvterm
build() {
	for file in src/*.c; do
		$CC $CFLAGS -std=c99 -Iinclude -c "$file" -o "${file%.c}.o"
	done
	ar rcs libvterm.a src/*.o
	cp include/vterm.h include/vterm_keycodes.h "$SYSROOT/include/"
	cp libvterm.a "$SYSROOT/lib/"
}
