#!/bin/sh
# Builds one borrowed package from Debian's source package, static, on musl.
#
# A recipe NAME.sh sets `source` (the source package) and defines `build`,
# which runs in the unpacked, patched tree and sees:
#   CC CFLAGS LDFLAGS  the compiler and flags of everything in the image
#   SYSROOT            headers and libraries shared by packages and our tools
#   OUT                where the package's own files go
#   RECIPES            the folder of the recipes (for a config file)
#   JOBS               how many processes make may use
#
# usage: build-source.sh NAME       (environment: B, APT_DIR)
set -eu
name=$1
RECIPES=$(cd "$(dirname "$0")" && pwd)
B=$(cd "${B:?}" && pwd)
conf=$(cd "${APT_DIR:?}" && pwd)/apt.conf
SYSROOT=$B/sysroot
OUT=$B/packages/$name
CC=musl-gcc
CFLAGS="-O2 -g0 -fno-asynchronous-unwind-tables -isystem $SYSROOT/include"
LDFLAGS="-static -L$SYSROOT/lib"
JOBS=$(nproc)
# Never what the machine's own pkg-config knows: that is glibc's.
PKG_CONFIG_LIBDIR=$SYSROOT/lib/pkgconfig
export SYSROOT OUT CC CFLAGS LDFLAGS PKG_CONFIG_LIBDIR
unset MAKEFLAGS MAKELEVEL MFLAGS

. "$RECIPES/$name.sh"

# Debian's patches can make generated files look out of date, and their makers
# (automake and its kin) are not here.
fresh() {
	find . \( -name aclocal.m4 -o -name configure -o -name config.h.in \
		-o -name Makefile.in \) -exec touch -d "@$(date +%s)" {} +
}

fetch() {
	apt-get -qq -c "$conf" --only-source source "$source" >&3
}

work=$B/packages/src/$name
rm -rf "$work" "$OUT"
mkdir -p "$work" "$OUT" "$B/sbom"
cd "$work"
exec 3>"$B/packages/$name.log"
# The archive may have moved on since its lists were read: read them again.
fetch 2>&3 || { "$RECIPES/apt.sh" "${conf%/*}" >&3 && fetch; }
version=$(sed -n 's/^Version: //p' ./*.dsc | head -n 1)
cd ./*/
# Not as the condition of an `if`: there `set -e` would have no effect.
set +e
(set -e; build) >&3 2>&1
failed=$?
set -e
if [ "$failed" -ne 0 ]; then
	tail -n 30 "$B/packages/$name.log" >&2
	echo "$name $version: its build failed: see build/packages/$name.log" >&2
	exit 1
fi
cd "$B"
rm -rf "$work"
echo "$source $version source" >"$B/sbom/$name"
