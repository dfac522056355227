# mdadm: software RAID, for the installer and for arrays found on disks.
source=mdadm
build() {
	make -j"$JOBS" CC="$CC" CXFLAGS="$CFLAGS -DNO_LIBUDEV -DNO_COROSYNC -DNO_DLM" \
		LDFLAGS="$LDFLAGS" LDLIBS= CWFLAGS= mdadm
	strip -o "$OUT/mdadm" mdadm
}
