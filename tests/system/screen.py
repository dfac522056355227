"""A person at the serial line: reads the screen that a machine draws on it."""
import re
import time

import pexpect
import pyte

KEYS = {
    'Enter': '\r', 'Esc': '\x1b', 'Tab': '\t', 'Up': '\x1b[A', 'Down': '\x1b[B',
    'Right': '\x1b[C', 'Left': '\x1b[D', 'Space': ' ', 'Backspace': '\x7f',
    'Home': '\x1b[H', 'F2': '\x1bOQ', 'F4': '\x1bOS', 'Leave': '\x1d',
}


class Screen:
    """The terminal at the other end of a machine's serial line."""

    def __init__(self, machine):
        self.child = machine.child
        self.screen = pyte.Screen(80, 24)
        self.screen.write_process_input = self.child.send
        self.stream = pyte.Stream(self.screen)

    def text(self):
        return '\n'.join(line.rstrip() for line in self.screen.display)

    def pump(self):
        """Takes what has come; False once the machine has ended."""
        try:
            self.stream.feed(self.child.read_nonblocking(4096, timeout=0.2))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True

    def wait(self, pattern, timeout=300):
        """Until the screen shows the pattern (a regular expression)."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text()):
            alive = self.pump()
            assert alive or re.search(pattern, self.text()), \
                f'ended without {pattern!r}:\n{self.text()}'
            assert time.monotonic() < end, f'no {pattern!r} in:\n{self.text()}'
        return self

    def press(self, *keys):
        for key in keys:
            self.child.send(KEYS.get(key, key))
            self.pump()
        return self

    def type(self, text):
        self.child.send(text)
        return self
