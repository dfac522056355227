"""Installation without a person, on the control domain's kernel alone (what
the hypervisor below it does is tested elsewhere): answers by http, a mirror of
two different disks of which each starts alone; a disk whose writes fail.
"""
import functools
import http.server
import subprocess
import threading

import pytest

import machine

ANSWERS = '''action = install
disk = bus=nvme
disk = bus=sata
raid = raid1
existing = wipe
hostname = pair
storage = lvm
end = poweroff
'''
FAILING = '''action = install
disk = bus=virtio
storage = none
end = poweroff
'''


def image(name, size, fill=b''):
    path = machine.LOGS / name
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    with open(path, 'wb') as f:
        f.write(fill)
        f.truncate(size)
    return path


def volume(name, label, files):
    """A small ext4 volume, as a USB stick."""
    folder = machine.LOGS / f'{name}.d'
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file).write_text(text)
    path = image(name, 8 << 20)
    subprocess.run(['/sbin/mke2fs', '-q', '-F', '-L', label, '-d', folder, path],
                   check=True)
    return path


def install(name, arguments, disks):
    kernel = next((machine.BUILD / 'packages/kernel/boot').glob('vmlinuz-*'))
    return machine.Machine(
        name, mem=1536, smp=1,
        extra=['-kernel', str(kernel),
               '-initrd', str(machine.BUILD / 'image/initramfs.zst'),
               '-append', f'console=ttyS0 quiet toram {arguments}'] + disks)


def attach(path, device, node):
    return ['-drive', f'file={path},format=raw,if=none,id={node},cache=unsafe',
            '-device', f'{device},drive={node},serial={node}']


@pytest.fixture(scope='module')
def pair():
    """Two disks; one held an ext4 file system, one is larger."""
    first = image('pair-nvme.img', 1100 << 20)
    second = image('pair-sata.img', 1 << 30, b'old' * 100000)
    return first, second


@pytest.fixture
def server(tmp_path):
    (tmp_path / 'pair.txt').write_text(ANSWERS)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                                directory=tmp_path)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        yield s.server_address[1]
        s.shutdown()


def test_mirror_by_http(pair, server):
    m = install('unattended', f'answers=http://10.0.2.2:{server}/pair.txt',
                attach(pair[0], 'nvme', 'one') + attach(pair[1], 'ide-hd', 'two'))
    try:
        end = m.expect('installer: (done|FAILED.*)', 900)
        assert end.group(1) == 'done', end.group(1)
        m.expect('reboot: Power down')
    finally:
        m.kill()


def test_half_a_mirror_starts(pair):
    """The second disk alone has all of it."""
    m = machine.Machine('half', boot='disk', smp=1,
                        extra=attach(pair[1], 'virtio-blk-pci', 'half'))
    try:
        m.expect('mirror runs on one of its two disks', machine.BOOT_TIMEOUT)
        m.wait_shell()
        assert m.run('cat /proc/mdstat').count('[_U]') == 2
        assert m.run('hostname') == 'pair'
        assert 'vms' in m.run('storage pools')
        m.power_off()
    finally:
        m.kill()


def test_failing_disk(tmp_path):
    """A sector in the first slot cannot be written: it is said, and reported."""
    config = tmp_path / 'blkdebug'
    config.write_text('[inject-error]\nevent = "write_aio"\nerrno = "5"\n'
                      'sector = "200000"\n')
    target = image('failing.img', 1 << 30)
    answers = volume('failing-answers.img', 'BASALT-ANSWERS',
                     {'answers.txt': FAILING})
    m = install('failing', 'basalt.mode=answers', [
        '-drive', f'file=blkdebug:{config}:{target},format=raw,if=none,'
        'id=bad,cache=unsafe,werror=report', '-device',
        'virtio-blk-pci,drive=bad'] + attach(answers, 'usb-storage', 'stick'))
    try:
        said = m.expect('installer: FAILED: (.*)', 900).group(1)
        assert '/dev/vda3' in said and 'writing failed' in said
        m.expect('nothing that was half written can be started')
    finally:
        m.kill()
    report = subprocess.run(['/sbin/debugfs', '-R', 'cat basalt-report.txt',
                             answers], capture_output=True, text=True).stdout
    assert 'writing failed' in report and '+ sfdisk' in report
    with open(target, 'rb') as f:
        assert b'was not finished' in f.read(440)
