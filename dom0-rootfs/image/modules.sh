#!/bin/sh
# Copies the kernel modules that LIST selects, and all they depend on, from
# the unpacked kernel package to OUT/lib/modules, with fresh depmod data.
# LIST: shell patterns below kernel/; a folder takes in all below it; a line
# with "-" takes out again (a dependency stays in).
#
# usage: modules.sh LIST KERNEL OUT     (KERNEL has lib/modules/<version>)
set -eu
list=$1 out=$3
version=$(ls "$2/lib/modules")
from=$2/lib/modules/$version
to=$out/lib/modules/$version
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# One extended regular expression per pattern, anchored to a path component.
regex() {
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' "$list" | grep "$1" |
		sed -e 's/^-//' -e 's/[.+]/\\&/g' -e 's/\*/[^\/]*/g' \
			-e 's/.*/^kernel\/&(\/|:|$)/'
}

regex '^[^-]' >"$tmp/in"
regex '^-' >"$tmp/out" || :
cut -d: -f1 "$from/modules.dep" >"$tmp/all"
grep -E -f "$tmp/in" "$tmp/all" | grep -v -E -f "$tmp/out" >"$tmp/chosen" ||
	{ echo "$list: no module matches" >&2; exit 1; }

# A pattern that matches nothing is a mistake, or the kernel has changed.
while read -r pattern; do
	grep -q -E "$pattern" "$tmp/all" ||
		echo "$list: nothing matches $pattern" >&2
done <"$tmp/in"

# modules.dep names, behind each module, everything it needs.
awk -F'[: ]+' 'NR == FNR { chosen[$1]; next }
	$1 in chosen { for (i = 1; i <= NF; i++) if ($i != "") print $i }' \
	"$tmp/chosen" "$from/modules.dep" | sort -u >"$tmp/files"

mkdir -p "$to"
tar -C "$from" -c -T "$tmp/files" | tar -C "$to" -x
cp "$from/modules.builtin" "$from/modules.builtin.modinfo" \
	"$from/modules.order" "$to/"
depmod -b "$out" "$version"
# The binary forms are kmod's; BusyBox reads the text.
rm -f "$to"/modules.*.bin
