# dropbear: ssh log-ins and copies (scp) to and from the host.
source=dropbear
build() {
	cat >localoptions.h <<'END'
#define DROPBEAR_SVR_DROP_PRIVS 0
#define DROPBEAR_SVR_AGENTFWD 0
#define DROPBEAR_CLI_AGENTFWD 0
#define DROPBEAR_3DES 0
#define DROPBEAR_SMALL_CODE 0
#define DO_MOTD 0
#define MAX_AUTH_TRIES 5
#define DEFAULT_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_ROOT_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
END
	./configure --host=x86_64-linux-musl --enable-static --disable-zlib \
		--disable-pam --disable-lastlog --disable-utmp \
		--disable-utmpx --disable-wtmp --disable-wtmpx \
		--disable-loginfunc --enable-bundled-libtom
	make -j"$JOBS" PROGRAMS="dropbear dropbearkey scp" MULTI=1 STATIC=1 SCPPROGRESS=0
	cp dropbearmulti "$OUT/"
	strip "$OUT/dropbearmulti"
}
