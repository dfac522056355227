#!/bin/sh
# Makes the disk image of an ordinary Debian guest: one partition, ext4, with
# the distribution's kernel, initramfs and GRUB configuration in it. Nothing in
# it is ours; its menu names the consoles that cloud images name.
# Needs root for mmdebstrap's chroot (or user namespaces).
#
# usage: debian-image.sh IMAGE
set -eu
image=$1
work=$image.work
size=900M

rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

# Runs in the new system: settings that an installer would have asked for.
cat > "$work/settings" <<'SETTINGS'
#!/bin/sh
set -eu
root=$1
echo debian-guest > "$root/etc/hostname"
echo '/dev/xvda1 / ext4 errors=remount-ro 0 1' > "$root/etc/fstab"
chroot "$root" passwd -d root
cat > "$root/etc/systemd/network/wired.network" <<X
[Match]
Name=e*
[Network]
DHCP=ipv4
X
ln -sf /lib/systemd/system/systemd-networkd.service \
	"$root/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
mkdir -p "$root/etc/systemd/system/serial-getty@hvc0.service.d"
cat > "$root/etc/systemd/system/serial-getty@hvc0.service.d/login.conf" <<X
[Service]
ExecStart=
ExecStart=-/sbin/agetty -a root --noclear hvc0 vt220
X
kernel=$(basename "$root"/boot/vmlinuz-*)
version=${kernel#vmlinuz-}
mkdir -p "$root/boot/grub"
cat > "$root/boot/grub/grub.cfg" <<X
set timeout=1
menuentry "Debian GNU/Linux" {
	linux /boot/vmlinuz-$version root=/dev/xvda1 ro console=tty0 console=ttyS0,115200 quiet
	initrd /boot/initrd.img-$version
}
X
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale
SETTINGS
chmod 755 "$work/settings"

# A small initramfs: the loader reads it through a polled driver.
cat > "$work/initramfs" <<'X'
MODULES=list
BUSYBOX=y
COMPRESS=zstd
X
cat > "$work/modules" <<'X'
xen-blkfront
ext4
X

mmdebstrap --quiet --variant=minbase \
	--include=systemd-sysv,udev,linux-image-amd64,initramfs-tools,zstd \
	--include=busybox,iproute2,iputils-ping,login \
	--essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
	--essential-hook="copy-in $work/modules /etc/initramfs-tools/" \
	--essential-hook="cp $work/initramfs \"\$1/etc/initramfs-tools/conf.d/small\"" \
	--customize-hook="$work/settings \"\$1\"" \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	bookworm "$work/root.tar"

mkdir "$work/root"
tar -xf "$work/root.tar" -C "$work/root" --exclude='./dev/*'
truncate -s "$size" "$work/disk"
mke2fs -q -F -t ext4 -L debian -d "$work/root" "$work/part" 880M
echo 'start=2048, type=83, bootable' | sfdisk -q "$work/disk"
dd if="$work/part" of="$work/disk" bs=1M seek=1 conv=notrunc,sparse status=none
mv "$work/disk" "$image"
