"""The hypervisor's last words outlive its crash: the machine restarts, and both its
log and the control domain's have them. By the boot loader of the ISO, which must
leave that memory alone. The crash comes as soon as the hypervisor listens."""
import pytest

import machine

TO_HYPERVISOR = '\x01' * 3     # Ctrl-A: the serial line is its own


@pytest.fixture
def live():
    m = machine.Machine('test_crash', mem=512, smp=1, net=False,
                        extra=['-action', 'reboot=reset'])
    yield m
    m.kill()


def test_report_is_found_by_the_next_start(live):
    live.choose('c')
    live.expect(r'\d+ MiB free\r*\n')
    live.send(TO_HYPERVISOR)
    live.expect('serial input goes to the hypervisor')
    live.send('C')
    live.expect('by debug key; nothing is wrong')
    live.choose('c')
    live.expect('its last words:')
    live.wait_shell()
    for text in (live.run('xl dmesg'), live.run('cat /state/last-crash'),
                 live.run('cat /var/log/messages')):
        assert 'by debug key; nothing is wrong' in text
        assert 'key_panic' in text
