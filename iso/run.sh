#!/bin/sh
# Boots the ISO in QEMU on this terminal, which becomes the machine's serial
# console.
#
# usage: run.sh ISO      (environment: DISK MEM SMP CPU QEMU_ARGS)
set -eu
iso=$1
mem=${MEM:-3G} smp=${SMP:-2} cpu=${CPU:-max}

set -- -machine q35 -accel tcg,thread=single -cpu "$cpu" -smp "$smp" -m "$mem" \
	-display none -serial mon:stdio \
	-drive "file=$iso,media=cdrom,format=raw,readonly=on" -boot d \
	-netdev user,id=net0 -device e1000e,netdev=net0
echo "Booting $iso: $smp CPUs, $mem of memory, NIC e1000e on QEMU's own network."
if [ -n "${DISK:-}" ]; then
	[ -f "$DISK" ] || {
		echo "DISK=$DISK: no such file: make one: qemu-img create $DISK 4G" >&2
		exit 1
	}
	format=$(qemu-img info "$DISK" | sed -n 's/^file format: //p')
	set -- "$@" -drive "file=$DISK,format=$format,if=none,id=disk0" \
		-device nvme,serial=basalt0,drive=disk0
	echo "$DISK ($format) is its NVMe disk: /dev/nvme0n1."
fi
echo "The machine is emulated in software: allow it a minute or two to boot."
echo "To leave: type 'poweroff' in it, or press Ctrl-A and then X."
# QEMU_ARGS is a list of words on purpose.
exec qemu-system-x86_64 "$@" ${QEMU_ARGS:-}
