"""What firmware and front panel have to do with: console, power button, reset,
devices that are plugged in while the machine runs."""
import json
import re
import socket
import struct
import time

import pytest

import machine

POWER = machine.LOGS / 'power-button'
SPCR = machine.LOGS / 'spcr'
PLUGGED = machine.LOGS / 'plugged.img'
GUESTS = machine.BUILD / 'tests/guest'


def spcr(port, irq):
    """A Serial Port Console Redirection table: a 16550 at @port, 115200."""
    body = struct.pack('<B3x BBBB Q BBI BBBBBB HHBBBIBI', 0,
                       1, 8, 0, 1, port,        # address: ports
                       3, irq, 0,               # ISA and IO-APIC
                       7, 0, 1, 0, 0, 0,        # 115200, 8n1
                       0xffff, 0xffff, 0, 0, 0, 0, 0, 0)
    header = struct.pack('<4sIBB6s8sI4sI', b'SPCR', 36 + len(body), 2, 0,
                         b'BASALT', b'TEST    ', 1, b'TEST', 1)
    return header + body


@pytest.fixture(scope='module', name='live')
def on_second_port():
    """The firmware redirects to COM2; COM1 leads nowhere."""
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    SPCR.write_bytes(spcr(0x2f8, 3))
    POWER.unlink(missing_ok=True)
    PLUGGED.write_bytes(b'plugged in' * 409600)
    m = machine.Machine(
        'test_firmware', lines=('null', 'stdio'),
        extra=('-acpitable', f'file={SPCR}',
               '-qmp', f'unix:{POWER},server=on,wait=off',
               '-device', 'pcie-root-port,id=slot1,chassis=1,slot=1',
               '-device', 'pcie-root-port,id=slot2,chassis=2,slot=2'))
    try:
        m.wait_shell()
        yield m
    finally:
        m.kill()


def qmp(command, **arguments):
    """The answer to one command."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(POWER))
        lines = s.makefile('rw')
        lines.readline()
        for order in ({'execute': 'qmp_capabilities'},
                      {'execute': command, 'arguments': arguments}):
            lines.write(json.dumps(order) + '\n')
            lines.flush()
            while 'event' in (answer := json.loads(lines.readline())):
                pass
            assert 'return' in answer, answer
        return answer['return']


def test_console_of_the_firmware(live):
    """The shell is on COM2, so what is typed arrives by its interrupt too."""
    assert "serial console: the firmware's, at 0x2f8" in live.run('xl dmesg')


def wait_for(live, condition):
    live.run(f'for i in $(seq 100); do {condition} && break; sleep 1; done; {condition}')


@pytest.mark.parametrize('device,disk', [('virtio-blk-pci', 'vda'), ('nvme', 'nvme0n1')])
def test_disk_plugged_in(live, device, disk):
    """Into a slot that was empty at the start: it gets addresses and interrupts
    of its own, works, and can be pulled again; twice, as its place is known then."""
    for _ in range(2):
        qmp('blockdev-add', driver='raw', **{'node-name': 'plugged', 'file': {
            'driver': 'file', 'filename': str(PLUGGED)}})
        qmp('device_add', driver=device, id='disk1', bus='slot1', drive='plugged',
            serial='plugged')
        wait_for(live, f'[ -b /dev/{disk} ]')
        assert live.run(f'dd if=/dev/{disk} bs=1M 2>/dev/null | head -c 10') == \
            'plugged in'
        number = disk.replace('vda', 'virtio').replace('n1', 'q')
        assert re.search(rf'PCI-MSI.*{number}', live.run('cat /proc/interrupts'))
        qmp('device_del', id='disk1')
        wait_for(live, f'[ ! -e /dev/{disk} ]')
        while 'disk1' in str(qmp('qom-list', path='/machine/peripheral')):
            time.sleep(1)
        qmp('blockdev-del', **{'node-name': 'plugged'})


def test_power_button(live):
    """A guest is asked to shut down, then the machine goes off by itself."""
    live.run('xl create /etc/basalt/demo.cfg >/dev/null')
    # Up to its shell: an init that has not started yet ignores the request.
    live.run('for i in $(seq 200); do grep -q network: '
             '/var/log/xen/console/guest-demo.log && break; sleep 1; done; '
             'pidof acpid')
    qmp('system_powerdown')
    live.expect('power button was pressed')
    live.expect('Shutting down the virtual machines')
    live.expect('Going down')
    assert 'did not shut down' not in live.child.before
    live.expect('power off')
    live.expect(machine.pexpect.EOF)


def early_archive(name, data):
    """A cpio archive ("newc") with one file, as it lies before an initramfs."""
    def entry(path, content):
        sizes = [1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path) + 1, 0]
        head = b'070701' + b''.join(b'%08x' % n for n in sizes) + path + b'\0'
        return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
    return entry(name, data) + entry(b'TRAILER!!!', b'')


def amd_update(signature, revision):
    """A container with one patch for the CPU of that signature."""
    table = struct.pack('<IIIHH 16x', signature, 0, 0, 0x1234, 0)
    patch = struct.pack('<II8xII H6x 32x', 0x20201120, revision, 0, 0, 0x1234)
    return struct.pack('<III', 0x414d44, 0, len(table)) + table + \
        struct.pack('<II', 1, len(patch)) + patch


def bare(name, arguments, *modules, cpus=1):
    """The hypervisor without a medium, with a tiny control domain."""
    return machine.Machine(
        name, mem=512, smp=cpus, net=False, boot='hypervisor',
        extra=('-kernel', str(machine.BUILD / 'hypervisor/basalt.elf'),
               '-append', f'console=com1 dom0_mem=192M {arguments}',
               '-initrd', ','.join([f'{GUESTS}/runner.elf', *map(str, modules)])))


def test_microcode(tmp_path):
    """An update for the CPU is found and tried. QEMU's CPUs keep their revision."""
    archive = tmp_path / 'early.cpio'

    def start(signature, arguments, said):
        archive.write_bytes(early_archive(b'kernel/x86/microcode/AuthenticAMD.bin',
                                          amd_update(signature, 0x7fff0001)))
        m = bare('microcode', arguments, archive)
        try:
            kind = m.expect(r'of CPU type (0x[0-9a-f]+)\r*\n').group(1)
            m.expect(said)
            assert 'update' not in m.child.before
            return int(kind, 16)
        finally:
            m.kill()

    kind = start(1, '', 'AuthenticAMD.bin has nothing newer for this CPU')
    start(kind, 'ucode=off', 'speculation:')
    start(kind, '', 'update to revision 0x7fff0001 was not taken')


def test_gaps_in_apic_ids():
    """Three cores a package leave every fourth id out."""
    m = bare('apic-ids', '', GUESTS / 'idle.elf', cpus='6,sockets=2,cores=3,threads=1')
    try:
        m.expect('ACPI: revision 0, 6 CPUs')
        m.expect('6 of 6 CPUs are up')
        m.expect('6 CPUs, .* MiB free')
    finally:
        m.kill()


@pytest.mark.parametrize('way', ['acpi', 'cf9', 'keyboard', 'triple'])
def test_reset(way):
    """The way asked for is tried first, and no other is needed."""
    m = bare(f'reset-{way}', f'reboot={way}', GUESTS / 'idle.elf')
    try:
        m.expect('MiB free')
        m.send(3 * '\x01' + 'R')
        m.expect(f'reset: {way}')
        m.expect(machine.pexpect.EOF)
        assert 'reset:' not in m.child.before
    finally:
        m.kill()
