# iptables (legacy): guests reach the network by masquerading in live mode.
source=iptables
build() {
	./configure --host=x86_64-linux-musl --prefix=/usr --disable-nftables \
		--enable-static --disable-shared --disable-connlabel \
		--disable-libipq --disable-devel --disable-ipv6
	make -j"$JOBS" LDFLAGS="-all-static $LDFLAGS"
	cp iptables/xtables-legacy-multi "$OUT/iptables"
	strip "$OUT/iptables"
}
