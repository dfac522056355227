"""Installation without a person. Most of it on the control domain's kernel alone
(what the hypervisor below it does is tested elsewhere): answers by http, from a
FAT volume by its label, from the medium by the boot menu's entry; VMs' storage
on a disk of its own, a network in three storeys; a disk whose writes fail, a
disk that is somebody's.
"""
import functools
import http.server
import re
import subprocess
import threading

import pexpect
import pytest

import machine

NETWORK = '''bond = bond0 ports=eth0,eth1 mode=active-backup
vlan = bond0.7 on=bond0 id=7
bridge = xenbr0 ports=bond0.7 ipv4=192.0.2.10/24 gateway4=192.0.2.1 ipv6=2001:db8::10/64
dns = 192.0.2.53
'''
ANSWERS = '''action = install
disk = bus=nvme
storage = directory
storage_disk = bus=sata size>=200M
existing = wipe
hostname = rack8
root_password = horse staple
end = reboot
''' + ''.join(f'net.{line}\n' for line in NETWORK.splitlines())
FAILING = '''action = install
disk = bus=nvme
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
def disks():
    """The system's disk, and the VMs', which held something."""
    first = image('answers-system.img', 1 << 30)
    second = image('answers-vms.img', 300 << 20, b'old' * 100000)
    return attach(first, 'nvme,bootindex=1', 'one') + \
        attach(second, 'ide-hd', 'two')


@pytest.fixture
def server(tmp_path):
    (tmp_path / 'rack8.txt').write_text(ANSWERS)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                                directory=tmp_path)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        yield s.server_address[1]
        s.shutdown()


def test_by_http(disks, server):
    """With a word about the password that everybody on the net could read."""
    m = install('unattended', f'answers=http://10.0.2.2:{server}/rack8.txt', disks)
    try:
        m.expect('note: root_password is given in plain text', 900)
        assert m.installer_end(900) == 'done'
        m.expect('reboot: Restarting system')
        m.expect(pexpect.EOF)
    finally:
        m.kill()


def test_what_was_installed(disks):
    """The network as it was given, VMs' storage as a directory on its disk."""
    m = machine.Machine('unattended-start', boot='disk', smp=1, extra=disks + [
        '-netdev', 'user,id=n1', '-device', 'e1000e,netdev=n1'])
    try:
        m.log_in('rack8')
        assert m.run('cat /state/etc/network.conf') == NETWORK.strip()
        bond = m.run('cat /proc/net/bonding/bond0')
        assert 'active-backup' in bond
        assert bond.count('Slave Interface: eth') == 2
        assert 'bond0.7' in m.run('ls /sys/class/net/xenbr0/brif')
        addresses = m.run('ip addr show xenbr0')
        assert '192.0.2.10/24' in addresses and '2001:db8::10/64' in addresses
        assert '192.0.2.1' in m.run('ip route show default')
        assert re.search('^/dev/sda[0-9]* /storage/vms ext4', m.run(
            'cat /proc/mounts'), re.M)
        m.run('storage create vms/web 20M && ls /storage/vms')
        m.power_off()
    finally:
        m.kill()


def fat_volume(name, label, folder, text):
    """A stick as it is bought: FAT, with the answers in a folder."""
    path = image(name, 8 << 20)
    for command in (['/sbin/mkfs.vfat', '-n', label, path],
                    ['mmd', '-i', path, f'::{folder}']):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['mcopy', '-i', path, '-', f'::{folder}/rack9.txt'], check=True,
                   input=text.encode())
    return path


def test_failing_disk(tmp_path):
    """A sector in the first slot cannot be written: it is said, and reported."""
    config = tmp_path / 'blkdebug'
    config.write_text('[inject-error]\nevent = "write_aio"\nerrno = "5"\n'
                      'sector = "200000"\n')
    target = image('failing.img', 1 << 30)
    answers = fat_volume('failing-answers.img', 'SITE', 'site', FAILING)
    m = install('failing', 'answers=LABEL=SITE:/site/rack9.txt', [
        '-drive', f'file=blkdebug:{config}:{target},format=raw,if=none,'
        'id=bad,cache=unsafe', '-device', 'nvme,drive=bad,serial=bad'] +
        attach(answers, 'usb-storage', 'stick'))
    try:
        said = m.installer_end(900)
        assert '/dev/nvme0n1p3' in said and 'writing failed' in said
        m.expect('nothing that was half written can be started')
    finally:
        m.kill()
    report = subprocess.run(['mtype', '-i', answers, '::basalt-report.txt'],
                            capture_output=True, text=True).stdout
    assert 'writing failed' in report and '+ sfdisk' in report
    with open(target, 'rb') as f:
        assert b'was not finished' in f.read(440)


def test_menu_entry_and_answers_on_the_medium(tmp_path):
    """By the boot menu, on the hypervisor; the disk belongs to somebody: it is
    said whose, and not one octet of it is changed."""
    iso, answers = tmp_path / 'answers.iso', tmp_path / 'answers.txt'
    answers.write_text('action = install\ndisk = bus=virtio\n')
    subprocess.run(['xorriso', '-indev', machine.ISO, '-outdev', iso, '-map',
                    answers, '/site/answers.txt', '-boot_image', 'any', 'replay'],
                   check=True, capture_output=True)
    target = volume('somebodys.img', 'photos', {'cat.jpg': 'a cat'})
    before = target.read_bytes()
    m = machine.Machine('menu-answers', mem=1024, smp=1, iso=iso, disks=[
        (target, 'virtio-blk-pci', 'photos')])
    try:
        m.choose('a', 'answers=/site/answers.txt')
        said = m.installer_end(machine.BOOT_TIMEOUT)
        assert 'holds ext2 "photos": to destroy that' in said
    finally:
        m.kill()
    assert target.read_bytes() == before
