#!/bin/sh
# Lays out one root file system tree: the folders, BusyBox with its links, the
# chosen kernel modules, and files of ours on top. What only one of the three
# trees has (system, initramfs, demo guest) is added by its rule in build.mk.
#
# usage: mktree.sh TREE MODULES.LIST OVERLAY...     (environment: B)
set -eu
tree=$1 list=$2
shift 2
here=$(dirname "$0")

rm -rf "$tree"
for dir in bin sbin usr/bin usr/sbin usr/lib/basalt usr/share/basalt etc proc \
	sys dev run tmp root mnt var/log var/lib lib/modules; do
	mkdir -p "$tree/$dir"
done
ln -s ../run "$tree/var/run"
ln -s ../run/lock "$tree/var/lock"
ln -s ../proc/self/mounts "$tree/etc/mtab"

cp "$B/packages/busybox/busybox" "$tree/bin/busybox"
while read -r link; do
	[ -e "$tree/$link" ] || ln -s /bin/busybox "$tree/$link"
done <"$B/packages/busybox/links"

"$here/modules.sh" "$list" "$B/packages/kernel" "$tree"
for overlay; do
	cp -a "$overlay/." "$tree/"
done
