#!/bin/sh
# Downloads one binary package through the private apt configuration and
# unpacks it into OUT; nothing is installed. A name ending in '+' is a
# metapackage: its first dependency with the same stem is taken instead.
# Prints nothing on success but leaves "name version deb" in SBOM.
#
# usage: fetch-deb.sh NAME OUT SBOM
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name=$1 out=$2 sbom=$3
conf=$(pwd)/${APT_DIR:?}/apt.conf

fetch() {
	apt-get -qq -c "$conf" download "$pkg" >/dev/null
}

resolve() {
	pkg=${name%+}
	[ "$pkg" = "$name" ] || pkg=$(apt-cache -c "$conf" depends "$pkg" |
		sed -n "s/^ *Depends: \(${pkg%-*}-.*\)/\1/p" | head -n 1)
}

rm -rf "$out" "$out.tmp"
mkdir -p "$out.tmp"
cd "$out.tmp"
resolve
# The archive may have moved on since its lists were read: read them again.
fetch || { "$here/apt.sh" "${conf%/*}" && resolve && fetch; }
cd "$OLDPWD"
dpkg-deb -x "$out.tmp"/*.deb "$out"
version=$(dpkg-deb -f "$out.tmp"/*.deb Version)
rm -rf "$out.tmp"
mkdir -p "${sbom%/*}"
echo "$pkg $version deb" >"$sbom"
