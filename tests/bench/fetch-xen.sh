#!/bin/sh
# Gets Debian's Xen beside ours: downloads the package with apt (which checks
# its signature), unpacks it without installing, leaves DIR/xen (an ELF).
set -eu
dir=${1:?usage: fetch-xen.sh DIR}
package=xen-hypervisor-4.17-amd64

mkdir -p "$dir/deb"
cd "$dir"
[ -s xen ] && exit 0
(cd deb && apt-get -qq download "$package") || {
	echo "fetch-xen.sh: cannot download $package: no network or no package lists:" \
		"run apt-get update, or go without the comparison" >&2
	exit 1
}
dpkg-deb -x deb/"$package"_*.deb unpacked
gzip -dc unpacked/boot/xen-*.gz >xen.new
mv xen.new xen
cp unpacked/boot/xen-*.gz xen.gz
rm -rf unpacked
