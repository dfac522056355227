"""On Intel VT-x, in Bochs: the ISO to its shell, the demo guest to its own.

Minutes long, so `make check-nightly` runs it and `make test` does not.
"""
import re

import pexpect
import pytest

import bochs_machine


@pytest.fixture(scope='module', name='live')
def booted():
    m = bochs_machine.BochsMachine('nightly_vtx')
    try:
        m.wait_shell(bochs_machine.BOOT_TIMEOUT)
        yield m
    finally:
        m.kill()


def test_shell_on_intel(live):
    assert 'GenuineIntel' in live.run('grep -m1 vendor /proc/cpuinfo')
    assert live.run('cat /sys/hypervisor/type') == 'xen'
    assert re.search(r'virt_caps *: .*hvm', live.run('xl info'))


def test_demo_guest(live):
    live.send('xl create /etc/basalt/demo.cfg -c\r')
    live.expect('demo', bochs_machine.BOOT_TIMEOUT)
    live.expect('# ', bochs_machine.BOOT_TIMEOUT)
    live.send('cat /sys/hypervisor/type; echo cpus-$(nproc)\r')
    live.expect('xen')
    live.expect('cpus-1')
    live.send('\x1d')
    live.expect('brings it back')
    live.send("stty -echo; PS1=''\r")
    live.sync()
    assert 'demo' in live.run('xl list')


def test_destroy_gives_all_back(live):
    live.run('xl destroy demo')
    live.run('! xl domid demo 2>/dev/null')


def test_power_off(live):
    """What Bochs still has to send when it ends is lost: the hypervisor's last word."""
    live.send('poweroff\r')
    live.expect('reboot: Power down')
    live.expect(pexpect.EOF)
