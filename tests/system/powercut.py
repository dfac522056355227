"""Power cuts, replayed: what a disk would hold had the power gone.

QEMU's blklogwrites driver records every write and flush to a disk (the format
of Linux's dm-log-writes). A cut after entry N leaves all writes before the
last flush, and of those behind it all, or any of them: a disk may keep what it
was sent in any order until it is told to flush.

What such a disk would start is worked out from its contents as the BIOS, UEFI
and our GRUB configuration do it; `start_of()` is the other side of
installer/loader/boot/grub/grub.cfg.
"""
import hashlib
import random
import struct
import subprocess
from pathlib import Path

SECTOR = 512
MIB = 1 << 20
FLUSH, DISCARD, MARK = 1, 4, 8
ENV_AT = MIB + SECTOR
CORE_AT = MIB + 4096
MD_AT = 4096  # an md array's superblock 1.2 in its member
MD_MAGIC = struct.pack('<I', 0xa92b4efc)
UNFINISHED = b'was not finished'  # says the boot sector meanwhile
MAGIC = 0x6a736677736872


def qemu_args(image, log, serial, device='virtio-blk-pci'):
    """QEMU's arguments for a disk whose writes are recorded in @log."""
    Path(log).write_bytes(b'')
    return ['-blockdev', f'driver=file,node-name=f-{serial},filename={image}',
            '-blockdev', f'driver=file,node-name=l-{serial},filename={log}',
            '-blockdev', f'driver=blklogwrites,node-name=b-{serial},'
            f'file=f-{serial},log=l-{serial}',
            '-device', f'{device},drive=b-{serial},serial={serial}']


class Log:
    """The entries of a log: (offset, length, flags, where the data lies)."""

    def __init__(self, path):
        self.file = open(path, 'rb')
        magic, version, count, sector = struct.unpack(
            '<QQQI', self.file.read(28))
        assert magic == MAGIC and version == 1, path
        at = sector
        self.entries = []
        for _ in range(count):
            self.file.seek(at)
            where, n, flags, _ = struct.unpack('<QQQQ', self.file.read(32))
            at += sector
            self.entries.append((where * sector, n * sector, flags, at))
            if not flags & (DISCARD | MARK):
                at += n * sector

    def data(self, entry):
        _, n, flags, at = entry
        if flags & DISCARD:
            return bytes(n)
        self.file.seek(at)
        return self.file.read(n)


class Disk:
    """What is on the disk for certain, and what may be."""

    def __init__(self, base):
        self.stable = open(base, 'r+b')
        self.pending = []
        self.flushes = 0
        self.writes = 0
        self.changed = {}  # MiB: number of its last write
        self.sums = {}

    def apply(self, log, entry):
        if entry[1] and not entry[2] & MARK:
            self.pending.append((entry[0], log.data(entry)))
        if entry[2] & FLUSH:
            self.settle()

    def settle(self):
        for at, data in self.pending:
            self.stable.seek(at)
            self.stable.write(data)
            self.writes += 1
            for block in range(at // MIB, (at + len(data) - 1) // MIB + 1):
                self.changed[block] = self.writes
        self.pending = []
        self.flushes += 1


class View:
    """The disk after a cut: the stable part and some of the pending writes."""

    def __init__(self, disk, kept):
        self.disk, self.kept, self.flushes = disk, kept, disk.flushes

    def read(self, at, n):
        self.disk.stable.seek(at)
        data = bytearray(self.disk.stable.read(n))
        for where, new in self.kept:
            low, high = max(at, where), min(at + n, where + len(new))
            if low < high:
                data[low - at:high - at] = new[low - where:high - where]
        return bytes(data)


def views(log_path, base, count, seed):
    """(name, view) for @count random cuts, and all next to a boot sector's or
    environment block's write. @base is changed: give a copy."""
    log = Log(log_path)
    dice = random.Random(seed)
    total = len(log.entries)
    points = set(dice.sample(range(total), min(count, total)))
    for i, (at, n, flags, _) in enumerate(log.entries):
        if n and (at < SECTOR or at <= ENV_AT < at + n):
            points.update({max(i - 1, 0), i, min(i + 1, total - 1)})
    points.add(total - 1)
    disk = Disk(base)
    for i, entry in enumerate(log.entries):
        disk.apply(log, entry)
        if i not in points:
            continue
        yield f'{i}/{total} all', View(disk, disk.pending)
        if len(disk.pending) > 1:
            some = [w for w in disk.pending if dice.random() < 0.5]
            yield f'{i}/{total} {len(some)} of {len(disk.pending)}', \
                View(disk, some)


# --- what would start --------------------------------------------------------

def environment(view):
    """The block's variables, or None when it is none."""
    block = view.read(ENV_AT, SECTOR)
    if not block.startswith(b'# GRUB Environment Block\n'):
        return None
    lines = block[25:].split(b'#')[0].decode('ascii', 'replace').split('\n')
    return dict(line.split('=', 1) for line in lines if '=' in line)


def start_of(view, core):
    """None: nothing, or what only says so. Else the slot and the block."""
    sector = view.read(0, SECTOR)
    if sector[-2:] != b'\x55\xaa' or UNFINISHED in sector:
        return None
    found = view.read(CORE_AT, len(core))
    # Its first sector holds the list of blocks, filled in when installed.
    assert found[SECTOR:] == core[SECTOR:], 'boot sector without its loader'
    env = environment(view)
    assert env, 'loader without its environment block'
    slot = env['active']
    if env['trial'] == '0' and env['other'] == 'good':
        slot = 'b' if slot == 'a' else 'a'
    return slot, env


def partitions(view):
    """{number: (start, size)} by the partition table's first copy."""
    table = view.read(2 * SECTOR, 128 * 128)
    found = {}
    for i in range(128):
        entry = table[128 * i:128 * i + 128]
        first, last = struct.unpack('<QQ', entry[32:48])
        if any(entry[:16]):
            found[i + 1] = (first * SECTOR, (last - first + 1) * SECTOR)
    return found


def efi_program(view, scratch):
    """What UEFI finds to start in the EFI partition, or None."""
    start, size = partitions(view).get(2, (0, 0))
    if not size:
        return None
    with open(scratch, 'wb') as f:
        f.write(view.read(start, 4 * MIB))  # it is the only file there
        f.truncate(size)
    found = subprocess.run(['mtype', '-i', scratch, '::EFI/BOOT/BOOTX64.EFI'],
                           capture_output=True)
    return found.stdout if not found.returncode else None


def slot_sum(view, slot, size):
    """Checksum of what the slot holds; of an unchanged one it is known."""
    start, _ = partitions(view)[3 if slot == 'a' else 4]
    disk = view.disk
    known = (start, size, max((disk.changed.get(b, 0) for b in range(
        start // MIB, (start + size) // MIB + 1)), default=0))
    clean = not any(at < start + size and at + len(data) > start
                    for at, data in view.kept)
    if clean and known in disk.sums:
        return disk.sums[known]
    digest = hashlib.sha256()
    for at in range(0, size, MIB):
        digest.update(view.read(start + at, min(MIB, size - at)))
    if clean:
        disk.sums[known] = digest.hexdigest()
    return digest.hexdigest()


def state_file(view, scratch, name):
    """A file of the state partition, after what the next start would repair."""
    start, size = partitions(view)[5]
    member = view.read(start + MD_AT, 136)
    if member[:4] == MD_MAGIC:
        (offset,) = struct.unpack('<Q', member[128:])
        start, size = start + offset * SECTOR, size - offset * SECTOR
    with open(scratch, 'wb') as f:
        for at in range(0, size, MIB):
            data = view.read(start + at, min(MIB, size - at))
            if any(data):
                f.seek(at)
                f.write(data)
        f.truncate(size)
    check = subprocess.run(['/sbin/e2fsck', '-p', scratch], text=True,
                           capture_output=True)
    assert check.returncode <= 1, check.stdout
    return subprocess.run(['/sbin/debugfs', '-R', f'cat {name}', scratch],
                          text=True, capture_output=True).stdout
