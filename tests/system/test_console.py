"""The console on the serial line of the ISO: a VM watched, talked to and ended."""
import re
import sys
import time
from pathlib import Path

import pexpect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tui'))
import harness

TIMEOUT = 120


class Screen:
    """What a person sees at the other end of the line, 80x24."""

    def __init__(self, m):
        self.m = m
        self.screen = harness.AnsweringScreen(80, 24)
        self.screen.answer = m.send
        self.stream = harness.Stream(self.screen)

    def text(self):
        return '\n'.join(line.rstrip() for line in self.screen.display)

    def wait(self, pattern, there=True):
        end = time.monotonic() + TIMEOUT
        while bool(re.search(pattern, self.text(), re.M)) != there:
            assert time.monotonic() < end, f'{pattern!r}:\n{self.text()}'
            try:
                data = self.m.child.read_nonblocking(4096, timeout=0.5)
                self.stream.feed(data.encode())
            except pexpect.TIMEOUT:
                pass
        return self

    def press(self, *keys):
        for key in keys:
            self.m.send(harness.KEYS.get(key, key))
        return self


def test_a_day_with_the_console(live):
    live.run('xl create /etc/basalt/demo.cfg')
    s = Screen(live)
    live.send('TERM=vt220 basalt\r')
    s.wait(r'demo +running').wait(r'128 MiB')
    s.press('Enter').wait('VMs > VM > demo').wait('xenbr0 +192.168.123.1')
    s.wait(r'CPU +\d+ %')                   # hostd has samples
    s.press('c').wait('This is the demo guest')
    s.press('Enter').wait('^demo:/# ?$')
    s.press('echo $((6*7))', 'Enter').wait('^42$')
    s.press('F12', 'g').wait('Linux version|demo guest').press('q')
    s.press('\x1d').wait('VMs > VM > demo')
    s.press('p').wait('^ paused').press('p').wait('^ running')
    s.press('q').wait('1 VMs')
    s.press('d').wait('xl shutdown demo').press('y')
    s.wait('demo +(stopping|running|ended)', there=False)
    s.press('F10')
    live.send("\rstty -echo; PS1=''; PS2=''\r")
    live.sync()
    assert 'demo' not in live.run('xl list')
    assert 'demo (domain 1) has ended by power-off' in \
        live.run('cat /var/log/basalt/hostd.log')
