#!/bin/sh
# Microcode updates from FOLDER (as firmware packages have them: intel-ucode/ and
# amd-ucode/) as an archive of its own, which the hypervisor looks for at the start
# of the initramfs, to standard output. Without FOLDER: nothing.
#
# usage: ucode.sh FOLDER
set -eu
[ -n "$1" ] || exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
to=$tmp/kernel/x86/microcode

mkdir -p "$to"
find "$1/intel-ucode" -type f ! -name '*.initramfs' -print0 2>/dev/null |
	sort -z | xargs -0r cat >"$to/GenuineIntel.bin"
find "$1/amd-ucode" -type f -name '*.bin' -print0 2>/dev/null |
	sort -z | xargs -0r cat >"$to/AuthenticAMD.bin"
find "$to" -type f -size 0 -delete
[ -n "$(ls "$to")" ] || {
	echo "UCODE=$1: neither intel-ucode/ nor amd-ucode/*.bin is in it:" \
		"give a folder like /lib/firmware" >&2
	exit 1
}
cd "$tmp"
find kernel | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet --reproducible
