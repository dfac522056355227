"""Storage on real device-mapper: a pool on an NVMe disk, volumes, images from a
USB stick, and what happens when something is in the way or goes away."""
import json
import re
import socket
import subprocess

import machine

MIB = 1 << 20
STICK = machine.LOGS / 'storage-stick.img'
QMP = machine.LOGS / 'storage.qmp'
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
    QMP.unlink(missing_ok=True)
    # By the menu's "Start live, safe graphics".
    return {'entry': 'g', 'disks': disks, 'net': False,
            'extra': ['-qmp', f'unix:{QMP},server=on,wait=off', '-drive',
                      f'file={STICK},format=raw,if=none,id=stick,readonly=on,'
                      'throttling.bps-read=6000000',
                      '-device', 'usb-storage,drive=stick,id=usbstick,'
                      'removable=on']}


def test_safe_graphics(live):
    """The screen as the firmware left it: no driver of a graphics card."""
    assert 'nomodeset' in live.run('cat /proc/cmdline')
    assert live.run('ls /sys/class/drm 2>/dev/null | grep ^card', status=1) == ''


def pull_stick():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(QMP))
        f = s.makefile('rw')
        f.readline()
        for command in ({'execute': 'qmp_capabilities'},
                        {'execute': 'device_del',
                         'arguments': {'id': 'usbstick'}}):
            f.write(json.dumps(command) + '\n')
            f.flush()
            while 'return' not in (answer := json.loads(f.readline())):
                assert 'error' not in answer, answer


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


def content(live, disk):
    return live.run(f'storage disks --tabs | grep {disk}').split('\t')[6]


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


def test_killed_import_is_swept_up(live):
    """What a kill leaves is taken away by the pool's next change."""
    task = start_import(live, '/run/basalt/media/sda/large.raw')
    live.run('killall -KILL storage')
    assert 'state   : failed' in wait_task(live, task)
    # What it had written may be on its way to the disk still.
    live.run('while pidof storage >/dev/null; do sleep 0.2; done')
    assert lvs(live) == ['_half.image']
    live.run('storage create data/small 4M')
    assert lvs(live) == ['small']
    live.run('storage delete data/small')


def in_guest(live, command):
    """Runs a command on the console of the VM "vm"; what it said."""
    live.send('xl console vm\r')
    live.expect('leave it with')
    live.send('\r')
    live.expect('# ')
    live.send(f'{command}; echo "<$((4000 + $?))>"\r')
    live.expect(r'<(400\d|41\d\d)>')
    said, status = live.child.before, int(live.child.match.group(1)) - 4000
    live.send('\x1d')
    live.expect('brings it back')
    live.send("stty -echo; PS1=''\r")
    live.sync()
    return status, said


WRITE = 'dd if=/dev/zero of=/dev/xvda bs=65536 count=32 seek={} oflag=direct'


def test_full_pool(live):
    """Who writes what has no room gets an error; all else goes on, the VM too."""
    live.run('storage create data/mine 8M; '
             'yes mine | head -c 8388608 >/dev/data/mine; sync')
    before = checksum(live, '/dev/data/mine', 8)
    live.run('storage create data/guest 16M')
    live.run("sed 's/^name.*/name = \"vm\"/; /^disk/d' /etc/basalt/demo.cfg "
             ">/etc/xen/vm.cfg; echo \"disk = ['phy:/dev/data/guest,xvda,w']\" "
             '>>/etc/xen/vm.cfg; xl create -q /etc/xen/vm.cfg')
    assert in_guest(live, WRITE.format(0))[0] == 0
    live.run('storage create data/half 148M; dd if=/dev/zero of=/dev/data/half '
             'bs=1M count=100 oflag=direct 2>/dev/null; storage media')
    out = live.run('storage import /run/basalt/media/sda/large.raw data/image 2>&1',
                   status=1)
    assert 'the pool is full' in out, out
    assert lvs(live) == ['guest', 'half', 'mine']
    said = live.run('dd if=/dev/zero of=/dev/data/half bs=1M seek=100 '
                    'oflag=direct 2>&1', status=1)
    assert 'I/O error' in said or 'No space left' in said, said
    assert 'it is full: what VMs write there fails' in live.run('storage pools')
    assert 'the pool is full' in live.run('storage create data/more 4M 2>&1',
                                          status=1)
    assert lvs(live) == ['guest', 'half', 'mine']
    assert in_guest(live, WRITE.format(128))[0] == 1
    assert in_guest(live, WRITE.format(0))[0] == 0
    assert checksum(live, '/dev/data/mine', 8) == before
    live.run('storage delete data/half')
    assert 'full' not in live.run('storage pools')
    assert in_guest(live, WRITE.format(128))[0] == 0


def test_a_running_vm_keeps_its_volume(live):
    listed = live.run('storage list --tabs')
    assert re.search(r'^data/guest\t.*\tin use\tvm\tphy:/dev/data/guest$', listed,
                     re.M), listed
    for command in ('delete data/guest --force', 'snapshot data/guest now',
                    'grow data/guest +4M', 'clone data/guest data/yours'):
        assert 'in use' in live.run(f'storage {command} 2>&1', status=1)
    live.run('xl destroy vm')
    live.run('for i in $(seq 50); do storage list --tabs | grep -q "in use" || '
             'break; sleep 0.2; done')
    assert 'belongs to the VM vm' in live.run('storage delete data/guest 2>&1',
                                              status=1)
    live.run('storage snapshot data/guest now; storage clone data/guest data/yours')
    assert checksum(live, '/dev/data/yours', 16) == \
        checksum(live, '/dev/data/guest', 16)
    live.run('rm /etc/xen/vm.cfg')
    for name in ('guest', 'yours', 'mine'):
        live.run(f'storage delete data/{name}')


def test_pool_is_found_again(live):
    live.run('storage create data/kept 8M; '
             'yes kept | head -c 8388608 >/dev/data/kept; sync')
    before = checksum(live, '/dev/data/kept', 8)
    live.run('storage pool stop && [ ! -e /dev/data/kept ]')
    live.run('storage pool start')
    assert checksum(live, '/dev/data/kept', 8) == before
    live.run('storage pool stop; rm /state/etc/pools.conf')
    live.run('storage pool adopt data')
    assert checksum(live, '/dev/data/kept', 8) == before
    assert 'holds 1 volumes' in live.run('storage pool delete data 2>&1', status=1)
    live.run('storage delete data/kept')


def test_stick_pulled_while_importing(live):
    task = start_import(live, '/run/basalt/media/sda/large.raw')
    pull_stick()
    shown = wait_task(live, task)
    assert 'state   : failed' in shown
    assert re.search('stick was pulled', shown), shown
    assert lvs(live) == []
    live.run('for i in $(seq 50); do [ -e /sys/block/sda ] || break; sleep 0.2; '
             'done; storage media; ! grep -q /run/basalt/media /proc/mounts')


def test_the_pool_goes_and_the_disk_is_free(live):
    live.run('storage pool delete data')
    assert live.run('storage pools --tabs') == ''
    assert content(live, 'nvme0n1') == 'empty'


def test_files_on_a_disk(live):
    """A pool of files on ext4; it comes back by itself after a stop."""
    live.run('storage pool create files --dir /dev/nvme0n1')
    assert '/storage/files ext4' in live.run('cat /proc/mounts')
    live.run('storage create files/a 8M; '
             'yes a | head -c 8388608 >/storage/files/a.img; storage snapshot files/a s')
    assert volumes(live) == ['files/a', 'files/a.s']
    before = checksum(live, '/storage/files/a.img', 8)
    live.run('storage pool stop; ! grep -q /storage/files /proc/mounts')
    live.run('storage pool start')
    live.run('yes b | head -c 8388608 >/storage/files/a.img; sync')
    assert checksum(live, '/storage/files/a.img', 8) != before
    live.run('storage revert files/a.s')
    assert checksum(live, '/storage/files/a.img', 8) == before
    live.run('storage pool delete files --force')
    assert content(live, 'nvme0n1') == 'empty'


def test_pool_on_an_array(live):
    """A mirror below an LVM pool: a lost disk does not matter."""
    live.run('wipefs -q -a /dev/nvme1n1; mdadm --create /dev/md7 --run --level=1 '
             '--raid-devices=2 /dev/nvme0n1 /dev/nvme1n1 2>&1')
    assert 'in use (part of md7)' in live.run(
        'storage pool create safe /dev/nvme0n1 --erase 2>&1', status=1)
    live.run('storage pool create safe /dev/md7; storage create safe/a 8M; '
             'yes a | head -c 8388608 >/dev/safe/a; sync')
    before = checksum(live, '/dev/safe/a', 8)
    live.run('mdadm /dev/md7 --fail /dev/nvme0n1 2>&1')
    assert checksum(live, '/dev/safe/a', 8) == before
    live.run('yes b | head -c 8388608 | dd of=/dev/safe/a bs=1M conv=fsync 2>&1')
    live.run('storage pool delete safe --force; mdadm --stop /dev/md7 2>&1')
