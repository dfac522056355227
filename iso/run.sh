#!/bin/sh
# Boots the ISO in QEMU on this terminal, which becomes the machine's serial
# console.
#
# usage: run.sh ISO
# environment: DISK DISK_SIZE MEDIUM MEM SMP CPU UEFI QEMU_ARGS
set -eu
iso=$1
mem=${MEM:-3G} smp=${SMP:-2} cpu=${CPU:-max}

set -- -machine q35 -accel tcg,thread=single -cpu "$cpu" -smp "$smp" -m "$mem" \
	-display none -serial mon:stdio \
	-netdev user,id=net0 -device e1000e,netdev=net0
case ${UEFI:-0} in
0) ;;
1)
	# What this firmware remembers is forgotten at the end.
	ovmf=/usr/share/OVMF
	set -- "$@" -drive "if=pflash,unit=0,format=raw,readonly=on,file=$ovmf/OVMF_CODE.fd" \
		-drive "if=pflash,unit=1,format=raw,snapshot=on,file=$ovmf/OVMF_VARS.fd"
	;;
*)
	echo "UEFI=$UEFI: give 1 for UEFI or 0 for a BIOS (the default)" >&2
	exit 2
	;;
esac
case ${MEDIUM:-iso} in
iso)
	set -- "$@" -drive "file=$iso,media=cdrom,format=raw,readonly=on" -boot d
	from=$iso
	;;
none)
	from=${DISK:?MEDIUM=none: from what then: give DISK=file}
	;;
*)
	echo "MEDIUM=$MEDIUM: give iso (the default) or none" >&2
	exit 2
	;;
esac
echo "Booting $from: $smp CPUs, $mem of memory, NIC e1000e on QEMU's own network."
if [ -n "${DISK:-}" ]; then
	[ -f "$DISK" ] || [ -z "${DISK_SIZE:-}" ] ||
		qemu-img create -q "$DISK" "$DISK_SIZE"
	[ -f "$DISK" ] || {
		echo "DISK=$DISK: no such file: give DISK_SIZE=8G to make it" >&2
		exit 1
	}
	format=$(qemu-img info "$DISK" | sed -n 's/^file format: //p')
	set -- "$@" -drive "file=$DISK,format=$format,if=none,id=disk0" \
		-device nvme,serial=basalt0,drive=disk0
	echo "$DISK ($format) is its NVMe disk: /dev/nvme0n1."
fi
echo "The machine is emulated in software: allow it a minute or two to boot."
echo "To leave: type 'poweroff' in it, or press Ctrl-A and then X."
# On one CPU: docs/DECISIONS.md, 6. QEMU_ARGS is a list of words on purpose.
exec taskset -c 0 qemu-system-x86_64 "$@" ${QEMU_ARGS:-}
