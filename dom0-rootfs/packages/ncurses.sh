# ncurses (wide): the console's terminal library, and the descriptions of the
# terminals one meets: the server's own screen, serial lines, ssh.
source=ncurses
TERMINALS=linux,xterm,xterm-256color,vt100,vt220,screen,screen-256color,\
tmux,tmux-256color,ansi,dumb
build() {
	./configure --prefix=/usr --without-shared --with-normal --enable-widec \
		--without-debug --without-cxx --without-cxx-binding --without-ada \
		--without-manpages --without-tests --disable-db-install \
		--without-gpm --without-tack --disable-stripping \
		--without-pkg-config --disable-pc-files --enable-const \
		--enable-ext-colors --with-build-cc=gcc \
		--with-default-terminfo-dir=/usr/share/terminfo \
		--with-terminfo-dirs=/etc/terminfo:/usr/share/terminfo
	make -j"$JOBS" -C include
	make -j"$JOBS" -C ncurses
	make -j"$JOBS" -C progs tic
	cp include/curses.h include/term.h include/ncurses_dll.h \
		include/unctrl.h "$SYSROOT/include/"
	cp lib/libncursesw.a "$SYSROOT/lib/"
	progs/tic -x -o "$OUT/terminfo" -e "$TERMINALS" misc/terminfo.src
}
