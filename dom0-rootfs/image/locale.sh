#!/bin/sh
# Makes the time zones and keyboard layouts of the system image out of Debian's
# tzdata and console-data:
#   OUT/zoneinfo   compiled anew, small
#   OUT/keymaps    NAME.bmap as BusyBox's loadkmap reads them
#
# usage: locale.sh KEYMAPS.LIST OUT       (environment: B)
set -eu
list=$1 out=$2
maps=$B/packages/console-data/usr/share/keymaps/i386

rm -rf "$out"
mkdir -p "$out/zoneinfo" "$out/keymaps"
zic -b slim -d "$out/zoneinfo" "$B/packages/tzdata/usr/share/zoneinfo/tzdata.zi"
rm -f "$out/zoneinfo/posixrules" "$out/zoneinfo/localtime"

# loadkeys looks for included files in this list of folders only.
export LOADKEYS_KEYMAP_PATH="$maps/include/"
sed 's/#.*//' "$list" | while read -r name file; do
	[ -n "$name" ] || continue
	loadkeys -q -u -b "$maps/$file.kmap.gz" >"$out/keymaps/$name.bmap"
done
