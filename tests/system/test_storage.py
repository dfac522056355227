"""Storage on real device-mapper: a pool on an NVMe disk, volumes, images from a
USB stick, and what happens when something is in the way."""
import subprocess

import machine

MIB = 1 << 20
STICK = machine.LOGS / 'storage-stick.img'
SUMS = {}


def make_stick():
    """FAT, with one disk as raw, qcow2 and vmdk, a damaged and a large one."""
    work = machine.LOGS / 'storage-images'
    work.mkdir(parents=True, exist_ok=True)
    raw = work / 'disk.raw'
    with open('/dev/urandom', 'rb') as random, open(raw, 'wb') as f:
        f.truncate(48 * MIB)
        for at in (0, 7, 30):
            f.seek(at * MIB)
            f.write(random.read(3 * MIB))
    for name, options in (('disk.qcow2', ['-c', '-O', 'qcow2']),
                          ('disk.vmdk', ['-O', 'vmdk'])):
        subprocess.run(['qemu-img', 'convert', *options, raw, work / name],
                       check=True)
    qcow2 = bytearray((work / 'disk.qcow2').read_bytes())
    (work / 'cut.qcow2').write_bytes(qcow2[:len(qcow2) // 2])
    with open('/dev/urandom', 'rb') as random:
        (work / 'large.raw').write_bytes(random.read(96 * MIB))
    subprocess.run(['truncate', '-s', '200M', STICK], check=True)
    subprocess.run(['/usr/sbin/mkfs.vfat', '-n', 'STICK', STICK], check=True,
                   capture_output=True)
    names = ['disk.raw', 'disk.qcow2', 'disk.vmdk', 'cut.qcow2', 'large.raw']
    subprocess.run(['mcopy', '-i', STICK, *[work / n for n in names], '::'],
                   check=True)
    sums = subprocess.run(['sha256sum', raw], capture_output=True, text=True,
                          check=True).stdout
    SUMS['disk'] = sums.split()[0]


def MACHINE():
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    make_stick()
    disks = []
    for n, size in enumerate((160, 64)):
        path = machine.LOGS / f'storage-{n}.img'
        with open(path, 'wb') as f:
            f.truncate(size * MIB)
        disks.append((path, 'nvme', f'pool{n}'))
    return {'disks': disks, 'net': False,
            'extra': ['-drive',
                      f'file={STICK},format=raw,if=none,id=stick,readonly=on,'
                      'throttling.bps-read=6000000',
                      '-device', 'usb-storage,drive=stick,id=usbstick,'
                      'removable=on']}


def volumes(live):
    return [line.split('\t')[0] for line in
            live.run('storage list --tabs').split('\n') if line]


def lvs(live):
    """All that LVM has, half-made things too, but for the pool's own parts."""
    names = live.run('lvs --noheadings -o lv_name data').split()
    return sorted(n for n in names if not n.startswith('thinpool'))


def checksum(live, path, mib=48):
    live.run('echo 3 > /proc/sys/vm/drop_caches')
    return live.run(f'dd if={path} bs=1M count={mib} 2>/dev/null | sha256sum'
                    ).split()[0]


def test_disks_are_seen(live):
    shown = live.run('storage disks --tabs')
    disks = {f[1]: f for f in (line.split('\t') for line in shown.split('\n'))
             if f[0] == 'disk'}
    assert disks['nvme0n1'][3:7] == ['pool0', 'nvme', str(160 * MIB), 'empty']
    assert disks['sda'][4] == 'usb'
    assert "vfat 'STICK'" in disks['sda'][6]


def test_what_others_made_is_left_alone(live):
    """md, then LVM, then in use: refused in words, not a byte changed."""
    live.run('mdadm --create /dev/md9 --run --level=1 --raid-devices=2 '
             '/dev/nvme1n1 missing 2>&1')
    out = live.run('storage pool create data /dev/nvme1n1 --erase 2>&1', status=1)
    assert 'in use (part of md9)' in out
    live.run('mdadm --stop /dev/md9 2>&1')
    before = checksum(live, '/dev/nvme1n1', 8)
    out = live.run('storage pool create data /dev/nvme1n1 2>&1', status=1)
    assert 'not empty (member of an md array' in out
    assert checksum(live, '/dev/nvme1n1', 8) == before
    live.run('wipefs -q -a /dev/nvme1n1; vgcreate -qq theirs /dev/nvme1n1')
    before = checksum(live, '/dev/nvme1n1', 8)
    out = live.run('storage pool create data /dev/nvme1n1 2>&1', status=1)
    assert "LVM group 'theirs'" in out
    out = live.run('storage pool create theirs /dev/nvme0n1 2>&1', status=1)
    assert 'there is an LVM group of that name' in out
    out = live.run('storage pool adopt theirs 2>&1', status=1)
    assert 'was not made here' in out
    assert checksum(live, '/dev/nvme1n1', 8) == before
    assert live.run('storage pools --tabs') == ''


def test_pool_and_volumes(live):
    # A making of it that was cut short is no obstacle.
    live.run('vgcreate -qq --addtag basalt.new data /dev/nvme0n1 && lvcreate -qq -y '
             '--type thin-pool -L 32M -n thinpool data')
    live.run('storage pool create data /dev/nvme0n1')
    pool = live.run('storage pools --tabs').split('\t')
    assert pool[:2] == ['data', 'lvm'] and pool[6] == '/dev/nvme0n1'
    live.run('storage create data/web1 32M')
    assert 'one of that name' in live.run('storage create data/web1 32M 2>&1',
                                          status=1)
    assert 'too small' in live.run('storage create data/big 10G 2>&1', status=1)
    assert 'larger size' in live.run('storage grow data/web1 16M 2>&1', status=1)
    live.run('storage grow data/web1 +16M')
    assert live.run('blockdev --getsize64 /dev/data/web1') == str(48 * MIB)
    assert volumes(live) == ['data/web1']


def test_snapshot_revert_clone(live):
    live.run('yes one | head -c 1048576 > /dev/data/web1; sync')
    one = checksum(live, '/dev/data/web1')
    live.run('storage snapshot data/web1 before')
    live.run('yes two | head -c 1048576 > /dev/data/web1; sync')
    two = checksum(live, '/dev/data/web1')
    assert one != two
    live.run('storage clone data/web1 data/web2')
    live.run('storage clone data/web1.before data/web3')
    assert checksum(live, '/dev/data/web2') == two
    assert checksum(live, '/dev/data/web3') == one
    live.run('storage revert data/web1.before')
    assert checksum(live, '/dev/data/web1') == one
    assert volumes(live) == ['data/web1', 'data/web1.before', 'data/web2',
                             'data/web3']
    for name in ('web2', 'web3'):
        live.run(f'storage delete data/{name}')


def test_revert_cut_short_is_completed(live):
    """Between taking the old volume away and putting the new one in place."""
    live.run('lvcreate -qq -y -s -kn -prw -n _back.web1 data/web1.before && '
             'lvremove -qq -f -y data/web1')
    assert volumes(live) == ['data/web1.before']
    live.run('storage create data/other 4M')
    assert volumes(live) == ['data/other', 'data/web1', 'data/web1.before']
    live.run('storage delete data/other; storage delete data/web1')
    assert lvs(live) == []


def test_images_from_a_stick(live):
    shown = live.run('storage images --tabs')
    images = {f[1]: f for f in (line.split('\t') for line in shown.split('\n'))}
    assert [images[f'disk.{kind}'][2] for kind in ('raw', 'qcow2', 'vmdk')] == \
        ['raw', 'qcow2', 'vmdk']
    assert 'STICK' in images['disk.raw'][4]
    for kind in ('raw', 'qcow2', 'vmdk'):
        said = live.run(f'storage import {images["disk." + kind][0]} '
                        'data/image --progress')
        assert said.strip().endswith('100 48 of 48 MiB')
        assert checksum(live, '/dev/data/image') == SUMS['disk'], kind
        live.run('storage delete data/image')


def test_a_damaged_image_leaves_nothing(live):
    out = live.run('storage import /run/basalt/media/sda/cut.qcow2 data/image '
                   '2>&1', status=1)
    assert 'damaged' in out
    assert lvs(live) == []


def start_import(live, file):
    """As a task; returns its number once it is at work."""
    live.run('storage media')
    task = live.run(f'task run Import storage import {file} data/image '
                    '--progress')
    live.run(f'for i in $(seq 200); do task show {task} | grep -q "^done.* [1-9]" '
             '&& break; sleep 0.1; done; lvs data/_half.image >/dev/null')
    assert volumes(live) == []
    return task


def wait_task(live, task):
    live.run(f'task follow {task} >/dev/null 2>&1', status=None)
    return live.run(f'task show {task}')


def test_cancel_leaves_nothing(live):
    task = start_import(live, '/run/basalt/media/sda/large.raw')
    live.run(f'task cancel {task}')
    assert 'state   : cancelled' in wait_task(live, task)
    assert lvs(live) == []
