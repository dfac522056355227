"""The ISO on machines with UEFI (OVMF): from a CD up to the demo guest on its console,
and from a USB stick up to the system that it holds. A machine that cannot be used says so
on the screen as well. With Secure Boot only what is signed starts."""
import json
import os
import socket
import subprocess

import machine
from test_demo import detach, start_on_console

MACHINE = {'uefi': True, 'mem': 1024}


def test_started_by_uefi(live):
    assert 'loaded by GRUB 2' in live.run('xl dmesg')
    # No BIOS area was looked into: the tables come from the boot loader.
    assert 'ACPI: revision 2' in live.run('xl dmesg')
    assert live.run('xl info | grep nr_cpus').split()[-1] == '2'


def test_frame_buffer_is_the_control_domains(live):
    said = live.run('dmesg')
    assert 'EFI VGA frame buffer device' in said
    assert 'bochs-drmdrmfb frame buffer device' in said
    live.run('grep -q . /dev/vcs1')


def test_demo_guest(live):
    start_on_console(live)
    live.send('cat /sys/hypervisor/type\r')
    live.expect('xen')
    detach(live)


def test_power_off(live):
    live.power_off()


def test_stick():
    m = machine.Machine('uefi-stick', uefi=True, boot='disk', mem=1024, smp=1, net=False,
                        extra=['-drive', f'file={machine.ISO},format=raw,if=none,'
                               'id=stick,readonly=on', '-device',
                               'usb-storage,drive=stick,removable=on'])
    try:
        m.expect('Check this medium', machine.BOOT_TIMEOUT)
        m.expect('loaded by GRUB 2', machine.BOOT_TIMEOUT)
        m.expect('System found on /dev/sd', machine.BOOT_TIMEOUT)
    finally:
        m.kill()


def screen(path, to):
    """The machine's screen as rows of pixels (red, green, blue)."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        talk = s.makefile('rw')
        talk.readline()
        for order in ({'execute': 'qmp_capabilities'},
                      {'execute': 'screendump', 'arguments': {'filename': str(to)}}):
            talk.write(json.dumps(order) + '\n')
            talk.flush()
            assert 'return' in talk.readline()
    _, size, _, pixels = to.read_bytes().split(b'\n', 3)
    width, height = map(int, size.split())
    return [pixels[3 * width * y:3 * width * (y + 1)] for y in range(height)]


def test_refusal_on_the_screen(tmp_path):
    """A CPU without virtualization: the text is where the frame buffer is."""
    m = machine.Machine('uefi-refused', uefi=True, cpu='qemu64,-svm', mem=1024, smp=1,
                        net=False, extra=['-qmp', f'unix:{tmp_path}/qmp,server,nowait'])
    try:
        m.expect('Start live', machine.BOOT_TIMEOUT)
        m.send('\r')
        m.expect('neither AMD-V', machine.BOOT_TIMEOUT)
        m.expect('\n', machine.BOOT_TIMEOUT)
        rows = screen(tmp_path / 'qmp', tmp_path / 'screen')
    finally:
        m.kill()
    lit = [y for y, row in enumerate(rows) if any(row)]
    assert len(lit) > 100 and max(lit) < 25 * 16
    assert {bytes(row[i:i + 3]) for row in rows for i in range(0, len(row), 3)} == \
        {b'\0\0\0', b'\xaa\xaa\xaa'}


# Debian's OVMF has a key for tests, and variables in which it is enrolled.
SNAKEOIL = '/usr/share/ovmf/PkKek-1-snakeoil'
ENROLLED = [arg.replace('CODE.fd', 'CODE_4M.fd').replace('VARS.fd', 'VARS_4M.snakeoil.fd')
            for arg in machine.UEFI]


def start_from(image):
    return machine.Machine(f'uefi-{image.stem}', boot='disk', mem=1024, smp=1, net=False,
                           extra=ENROLLED + ['-drive', f'file={image},format=raw,if=none,'
                                             'id=stick,readonly=on', '-device',
                                             'usb-storage,drive=stick,removable=on'])


def test_secure_boot(tmp_path):
    subprocess.run(['openssl', 'rsa', '-in', f'{SNAKEOIL}.key', '-passin', 'pass:snakeoil',
                    '-out', tmp_path / 'key'], check=True, capture_output=True)
    build = os.path.relpath(machine.BUILD, machine.ROOT)
    subprocess.run(['make', '-s', f'{build}/iso/signed.img', f'B={build}',
                    f'SB_KEY={tmp_path}/key', f'SB_CERT={SNAKEOIL}.pem'],
                   cwd=machine.ROOT, env={'PATH': os.environ['PATH']}, check=True)
    m = start_from(machine.BUILD / 'iso/bootx64.img')
    try:
        m.expect('failed to load', machine.BOOT_TIMEOUT)
    finally:
        m.kill()
    m = start_from(machine.BUILD / 'iso/signed.img')
    try:
        m.expect('loaded by GRUB 2', machine.BOOT_TIMEOUT)
    finally:
        m.kill()
