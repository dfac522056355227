"""The ISO in Bochs: Intel VT-x. Driven over serial like QEMU's (machine.py)."""
import socket
import sys
import time

import pexpect.fdpexpect

import machine

sys.path.insert(0, str(machine.ROOT / 'tests'))
import bochs  # pylint: disable=wrong-import-position

# Sixty million instructions a second at best.
BOOT_TIMEOUT = 3600


class BochsMachine(machine.Machine):
    """One Bochs with our ISO in its drive and a socket as its serial line."""

    def __init__(self, name, mem=1024, smp=1, iso=machine.ISO,
                 model='corei7_skylake_x'):
        machine.LOGS.mkdir(parents=True, exist_ok=True)
        self.log_path = machine.LOGS / f'{name}.log'
        self.log = open(self.log_path, 'w', encoding='utf-8',
                        errors='replace')
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            self.bochs = bochs.Bochs(
                iso, f'mode=socket-client, dev=localhost:{port}', model=model,
                cpus=smp, memory=mem)
            server.settimeout(60)
            self.line, _ = server.accept()
        self.child = pexpect.fdpexpect.fdspawn(
            self.line, encoding='utf-8', codec_errors='replace',
            timeout=BOOT_TIMEOUT)
        self.child.logfile_read = self.log
        self.child.delaybeforesend = None

    def expect(self, pattern, timeout=BOOT_TIMEOUT):
        return super().expect(pattern, timeout)

    def send(self, text):
        """A UART without flow control, at a speed that shells keep up with."""
        for c in text:
            self.child.send(c)
            time.sleep(0.02)

    def kill(self):
        self.line.close()
        self.bochs.__exit__()
        self.log.close()
