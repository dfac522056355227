"""The machine under test: our ISO in QEMU, driven over its serial line.

Time-outs here only end a hung run; nothing asserts on time. The serial log of
each machine is kept in build/tests/system/ and shown when a test fails.
"""
import itertools
import os
import re
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get('BUILD', ROOT / 'build'))
ISO = Path(os.environ.get('ISO', BUILD / 'basalt.iso'))
LOGS = BUILD / 'tests' / 'system'

# QEMU's FXRSTOR and XRSTOR rewrite the boot CPU's flags without a lock, from any
# CPU; with a thread per CPU that now and then keeps nested paging on after an
# exit (docs/DECISIONS.md). One thread for all CPUs is right.
ACCEL = os.environ.get('ACCEL', 'tcg,thread=single')

# Firmware; what it remembers is forgotten with the machine.
OVMF = '/usr/share/OVMF'
UEFI = ['-drive', f'if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE.fd',
        '-drive', f'if=pflash,unit=1,format=raw,snapshot=on,file={OVMF}/OVMF_VARS.fd']

# That one thread leaves the guest's memory barriers out (mended in QEMU 8.1), so
# that a disk's request can be lost between it and the thread of the devices. On
# one and the same CPU of the host the two cannot overtake each other.
def bind_to_one_cpu():
    cpus = sorted(os.sched_getaffinity(0))
    worker = os.environ.get('PYTEST_XDIST_WORKER', '')[2:]
    number = int(worker) if worker.isdigit() else os.getpid()
    os.sched_setaffinity(0, {cpus[number % len(cpus)]})


# One emulated instruction stream on a shared host: minutes are normal.
BOOT_TIMEOUT = 600
COMMAND_TIMEOUT = 300


class CommandFailed(AssertionError):
    """A command on the machine ended with another status than asked for."""


class Machine:
    """One QEMU with our ISO in its drive."""

    serial = itertools.count()

    def __init__(self, name, mem=2048, smp=2, disks=(), cpu='max', boot='cd',
                 net=True, extra=(), iso=ISO, lines=('stdio',), uefi=False):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log_path = LOGS / f'{name}.log'
        self.log = open(self.log_path, 'w', encoding='utf-8',
                        errors='replace')
        args = ['-machine', 'q35', '-accel', ACCEL, '-cpu', cpu,
                '-smp', str(smp), '-m', str(mem), '-display', 'none',
                '-monitor', 'none', '-no-reboot', '-device', 'qemu-xhci']
        for device in lines:
            args += ['-serial', device]
        if boot == 'cd':
            args += ['-cdrom', str(iso), '-boot', 'd']
        if uefi:
            args += UEFI
        if net:
            args += ['-netdev', 'user,id=n0', '-device', 'e1000e,netdev=n0']
        for disk in disks:
            args += disk_args(*disk)
        args += list(extra)
        self.child = pexpect.spawn('qemu-system-x86_64', args,
                                   encoding='utf-8', codec_errors='replace',
                                   timeout=COMMAND_TIMEOUT,
                                   preexec_fn=bind_to_one_cpu,
                                   dimensions=(24, 200))
        self.child.logfile_read = self.log
        self.child.delaybeforesend = None

    def expect(self, pattern, timeout=COMMAND_TIMEOUT):
        self.child.expect(pattern, timeout=timeout)
        return self.child.match

    def send(self, text):
        self.child.send(text)

    def choose(self, key, arguments=''):
        """An entry of the boot menu, by its hot key; @arguments: to be put
        before those of the last file that is loaded."""
        self.expect('Starting in', 120)
        self.menu = clean(self.child.before)
        self.send(key)
        # The line is drawn as the marked one before Enter counts.
        self.expect(rf'\x1b\[0;1;7;37;40m(?i:{key})', 30)
        if arguments:
            self.send('\t')
            self.expect('initramfs', 30)
            self.send('\x1b[D' * len('--- /boot/initramfs.zst'))
            self.send(arguments + ' ')
        self.send('\r')

    def wait_shell(self, timeout=BOOT_TIMEOUT):
        """From power-on to a root shell on the serial line, as a person gets
        there: the console comes up, its shell key leads on."""
        self.expect(r'Quit', timeout)
        return self.shell_key()

    def shell_key(self):
        """From the console to a root shell."""
        self.send('!')
        self.expect(r'Basalt, (live|installed)')
        return self.plain_shell()

    def log_in(self, host='', user='root', password='horse staple'):
        """From power-on of an installed system to a shell, as a person: root gets
        one, the operator goes through the console."""
        self.expect(f'{host} ?login: ', BOOT_TIMEOUT)
        self.send(f'{user}\r')
        self.expect('assword: ')
        self.send(f'{password}\r')
        if user == 'root':
            return self.plain_shell()
        self.expect('Quit')
        return self.shell_key()

    def installer_end(self, timeout):
        """What an unattended installation ends with: "done", or why it failed."""
        # A whole line: the pattern must not match what has arrived so far of it.
        end = self.expect(r'installer: (?:(done)|FAILED: ([^\r\n]*))[^\r\n]*\r*\n',
                          timeout)
        return end.group(1) or end.group(2)

    def plain_shell(self):
        """At a shell's prompt: an own prompt that no output contains, no echo."""
        self.expect(r'# ')
        self.send("stty -echo; PS1=''; PS2=''\r")
        self.sync()
        return self

    def sync(self):
        mark = f'mark-{next(self.serial)}'
        self.send(f'echo "<{mark}>"\r')
        self.expect(f'<{mark}>\r*\n')

    def run(self, command, status=0, timeout=COMMAND_TIMEOUT):
        """Runs @command in the shell; its output. Checks the exit status."""
        mark = f'end-{next(self.serial)}'
        self.send(f'{command}\recho "<{mark} $?>"\r')
        match = self.expect(rf'<{mark} (\d+)>\r*\n', timeout)
        output = clean(self.child.before)
        if status is not None and int(match.group(1)) != status:
            raise CommandFailed(f'{command!r} ended with {match.group(1)}, '
                                f'not {status}:\n{output}')
        return output

    def write_file(self, path, text):
        """Makes a small file on the machine."""
        self.run(f"cat > {path} <<'END-OF-FILE'\r" +
                 text.replace('\n', '\r') + '\rEND-OF-FILE')

    def power_off(self, timeout=COMMAND_TIMEOUT):
        """Orderly: QEMU ends by itself."""
        self.send('poweroff\r')
        self.expect(pexpect.EOF, timeout)

    def kill(self):
        self.child.close(force=True)
        self.log.close()


def disk_args(path, kind='virtio-blk-pci', serial='disk'):
    """QEMU's arguments for one raw disk of the given kind."""
    drive = f'd-{serial}'
    args = ['-drive', f'file={path},format=raw,if=none,id={drive},'
            'cache=writethrough']
    return args + ['-device', f'{kind},drive={drive},serial={serial}']


def clean(text):
    """Terminal output without carriage returns and colour."""
    return re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', text).replace('\r', '').strip()
