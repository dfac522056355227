"""What firmware and front panel have to do with: console, power button, reset."""
import json
import socket
import struct

import pytest

import machine

POWER = machine.LOGS / 'power-button'
SPCR = machine.LOGS / 'spcr'
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
    m = machine.Machine(
        'test_firmware', lines=('null', 'stdio'),
        extra=('-acpitable', f'file={SPCR}',
               '-qmp', f'unix:{POWER},server=on,wait=off'))
    try:
        m.wait_shell()
        yield m
    finally:
        m.kill()


def qmp(command):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(POWER))
        lines = s.makefile('rw')
        for c in ('qmp_capabilities', command):
            lines.readline()
            lines.write(json.dumps({'execute': c}) + '\n')
            lines.flush()
        lines.readline()


def test_console_of_the_firmware(live):
    """The shell is on COM2, so what is typed arrives by its interrupt too."""
    assert "serial console: the firmware's, at 0x2f8" in live.run('xl dmesg')


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


@pytest.mark.parametrize('way', ['acpi', 'cf9', 'keyboard', 'triple'])
def test_reset(way):
    """The way asked for is tried first, and no other is needed."""
    m = machine.Machine(
        f'reset-{way}', mem=512, smp=1, net=False, boot='hypervisor',
        extra=('-kernel', str(machine.BUILD / 'hypervisor/basalt.elf'),
               '-append', f'console=com1 dom0_mem=192M reboot={way}',
               '-initrd', f'{GUESTS}/runner.elf,{GUESTS}/idle.elf'))
    try:
        m.expect('MiB free')
        m.send(3 * '\x01' + 'R')
        m.expect(f'reset: {way}')
        m.expect(machine.pexpect.EOF)
        assert 'reset:' not in m.child.before
    finally:
        m.kill()
