# BusyBox: init, shell and the Unix commands of dom0, the initramfs and the
# demo guest. What is in it: busybox.config.
source=busybox
build() {
	sed 's/#.*//' "$RECIPES/busybox.config" | tr -s ' \t' '\n\n' |
		sed -n '/./{s/^/CONFIG_/; /=/!s/$/=y/; p;}' | sort -u >wanted
	make allnoconfig >/dev/null
	# Kconfig keeps the first setting of a symbol: ours must precede.
	# Numbers and strings are left out, so that they get their defaults.
	grep -v '^CONFIG_' .config >nothing
	cat wanted nothing >.config
	yes '' | make oldconfig >/dev/null 2>&1
	grep '=' .config | sort | comm -13 - wanted >missing
	if [ -s missing ]; then
		echo "busybox.config: without effect:" $(cat missing)
		return 1
	fi
	make -j"$JOBS" CC="$CC" HOSTCC=gcc CONFIG_EXTRA_CFLAGS="$CFLAGS"
	cp busybox "$OUT/busybox"
	./busybox --list-full >"$OUT/links"
}
