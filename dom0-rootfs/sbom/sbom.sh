#!/bin/sh
# Writes the list of borrowed software in the image, "name version kind" a
# line, and reports how it differs from the known-good list: the archive moves
# on, so a difference is news, not a failure.
# Kinds: source = built here from Debian's source package; deb = taken from
# Debian's binary package; host = part of the build machine that ends up in
# the product (C library, headers, boot loader) or shapes it (compiler).
#
# usage: sbom.sh DIR KNOWN-GOOD OUT      (DIR: one file per package)
set -eu
dir=$1 known=$2 out=$3
host="musl-dev libxen-dev linux-libc-dev gcc-12 isolinux syslinux-common
	xorriso squashfs-tools libc6-dev dialog libncurses-dev libblkid-dev
	libcrypt-dev"

{
	echo "# Borrowed software: name, Debian version, kind."
	{
		cat "$dir"/*
		for package in $host; do
			dpkg-query -W -f '${Package} ${Version} host\n' \
				"$package" || echo "$package unknown host"
		done
	} | LC_ALL=C sort
} >"$out.tmp"

if ! diff "$known" "$out.tmp" >"$out.diff"; then
	echo "  NOTE     package versions differ from $known:"
	sed -n 's/^\([<>]\) \(.*\)/           \1 \2/p' "$out.diff"
	echo "           (<: tested before, >: used now; when all tests pass:" \
		"cp $out $known)"
fi
rm -f "$out.diff"
mv "$out.tmp" "$out"
