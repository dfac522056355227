"""The console on a pseudo-terminal, in a prepared root with a fake hypervisor.

Host is the machine: a directory laid out like the running system, entered by
chroot in a user and mount namespace (so no privileges are needed). Console is
a person at a terminal: it types and reads the screen. README.md tells more.
"""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import tty
from pathlib import Path

import pyte

REPO = Path(__file__).resolve().parents[2]
BUILD = (REPO / os.environ.get('BUILD', 'build')).resolve()
FAKES = BUILD / 'tests' / 'tui' / 'bin'
TIMEOUT = 30

# As xterm sends them.
KEYS = {
    'Enter': '\r', 'Esc': '\x1b', 'Tab': '\t', 'BackTab': '\x1b[Z',
    'Up': '\x1b[A', 'Down': '\x1b[B', 'Right': '\x1b[C', 'Left': '\x1b[D',
    'Home': '\x1b[H', 'End': '\x1b[F', 'PgUp': '\x1b[5~', 'PgDn': '\x1b[6~',
    'Ins': '\x1b[2~', 'Del': '\x1b[3~', 'Backspace': '\x7f', 'Space': ' ',
    'F1': '\x1bOP', 'F2': '\x1bOQ', 'F3': '\x1bOR', 'F4': '\x1bOS',
    'F5': '\x1b[15~', 'F6': '\x1b[17~', 'F7': '\x1b[18~', 'F8': '\x1b[19~',
    'F9': '\x1b[20~', 'F10': '\x1b[21~', 'F11': '\x1b[23~', 'F12': '\x1b[24~',
}

ENTER = ('mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && '
         'exec chroot "$0" "$@"')


def lay_out(root):
    """The files of the running system: our tools, BusyBox, the overlay."""
    for name in ('bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/share', 'dev', 'proc',
                 'sys/class/net', 'sys/block', 'sys/bus/xen-backend/devices',
                 'sys/bus/xen-backend/drivers/vbd', 'sys/bus/xen-backend/drivers/vif',
                 'run/xenstored', 'run/basalt', 'tmp', 'root', 'var/log/basalt',
                 'var/log/xen/console', 'var/lib/xen', 'state/xen/auto', 'state/etc',
                 'state/images', 'usr/lib/basalt'):
        (root / name).mkdir(parents=True, exist_ok=True)
    busybox = BUILD / 'packages' / 'busybox'
    shutil.copy(busybox / 'busybox', root / 'bin' / 'busybox')
    for link in (busybox / 'links').read_text().split():
        if not (root / link.lstrip('/')).exists():
            (root / link.lstrip('/')).symlink_to('/bin/busybox')
    for tool in (FAKES.parent / 'tools').read_text().split():
        shutil.copy(REPO / tool, root / 'usr/sbin')
    for tool in FAKES.iterdir():
        shutil.copy(tool, root / 'usr/sbin')
    for name in ('read', 'write', 'list', 'ls', 'rm'):
        link = root / 'usr/sbin' / f'xenstore-{name}'
        if not link.exists():
            link.symlink_to('xenstore')
    shutil.copytree(BUILD / 'packages/ncurses/terminfo', root / 'usr/share/terminfo')
    shutil.copytree(REPO / 'dom0-rootfs/overlay', root, dirs_exist_ok=True, symlinks=True)
    xen = root / 'etc/xen'
    if not xen.is_symlink():
        shutil.rmtree(xen, ignore_errors=True)
        xen.symlink_to('/state/xen')


class Host:
    """A machine without VMs. Use as a context manager."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix='basalt-tui-'))
        self.daemons = []
        self.ptys = []
        lay_out(self.root)
        self.start('xenstored', '--no-hypervisor', '-F')
        self.wait_for_path('run/xenstored/socket')
        self.start('fakehost', 'guests')

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def argv(self, *command):
        return ['unshare', '-rmu', 'sh', '-c', ENTER, str(self.root), *command]

    def env(self, **more):
        return {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', **more}

    def start(self, *command):
        """A daemon that runs until the host is closed (or killed: returned)."""
        p = subprocess.Popen(self.argv(*command), env=self.env(),
                             stdin=subprocess.DEVNULL,
                             stdout=open(self.root / f'tmp/{command[0]}.out', 'w'),
                             stderr=subprocess.STDOUT)
        self.daemons.append(p)
        return p

    def run(self, *command, status=0):
        """Runs a command in the host; its output."""
        p = subprocess.run(self.argv(*command), env=self.env(), text=True,
                           capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        assert status is None or p.returncode == status, \
            f'{command}: status {p.returncode}\n{p.stdout}{p.stderr}'
        return p.stdout

    def wait_for_path(self, path):
        end = time.monotonic() + TIMEOUT
        while not (self.root / path).exists():
            assert time.monotonic() < end, f'{path} did not come'
            time.sleep(0.01)

    def write(self, path, text, mode=0o644):
        """Makes a file; path as seen inside."""
        file = self.inside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        # A link leads out of the prepared root, to the real machine's program.
        file.unlink(missing_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def read(self, path):
        return self.inside(path).read_text()

    def inside(self, path):
        """Where path lies, following the one link that leads out of the root."""
        path = path.lstrip('/')
        if path.startswith('etc/xen/'):
            path = 'state/' + path[4:]
        return self.root / path

    def add_vm(self, name, mib=512, vcpus=1, load=50, uuid=None):
        """A running VM; its id."""
        args = [uuid] if uuid else []
        return int(self.run('fakehost', 'add', name, str(mib), str(vcpus), str(load),
                            *args))

    def define_vm(self, name, mib=512, vcpus=1, extra=''):
        """A stopped VM, as its configuration file."""
        self.write(f'/etc/xen/{name}.cfg',
                   f'name = "{name}"\nmemory = {mib}\nvcpus = {vcpus}\n'
                   f'kernel = "/usr/lib/basalt/demo/vmlinuz"\n{extra}')

    def guest_console(self, domid):
        """Plays xenconsoled for a guest: a terminal whose other end is returned."""
        master, slave = os.openpty()
        tty.setraw(slave)
        self.ptys += [master, slave]
        self.store(f'/local/domain/{domid}/console/tty', os.ttyname(slave))
        return master

    def store(self, path, value=None):
        """Reads (or writes) a node of xenstore."""
        if value is not None:
            return self.run('xenstore-write', path, value)
        return self.run('xenstore-read', path).strip()

    def close(self):
        for p in self.daemons:
            p.kill()
        for p in self.daemons:
            p.wait()
        for fd in self.ptys:
            os.close(fd)
        shutil.rmtree(self.root, ignore_errors=True)


class AnsweringScreen(pyte.Screen):
    """A terminal that answers when it is asked where the cursor is, and knows what
    xterm does and pyte does not: to repeat a character and to scroll."""

    answer = None
    last = ' '

    def draw(self, data):
        self.last = data[-1:] or self.last
        super().draw(data)

    def repeat(self, count=1):
        super().draw(self.last * (count or 1))

    def scroll(self, step, line, count):
        at = (self.cursor.x, self.cursor.y)
        self.cursor.y = line
        for _ in range(count or 1):
            step()
        self.cursor.x, self.cursor.y = at

    def scroll_down(self, count=1):
        self.scroll(self.reverse_index, self.margins.top if self.margins else 0, count)

    def scroll_up(self, count=1):
        bottom = self.margins.bottom if self.margins else self.lines - 1
        self.scroll(self.index, bottom, count)

    def write_process_input(self, data):
        if self.answer:
            self.answer(data)


class Stream(pyte.ByteStream):
    """What feeds it."""

    csi = {**pyte.ByteStream.csi, 'b': 'repeat', 'S': 'scroll_up', 'T': 'scroll_down'}
    events = pyte.ByteStream.events | {'repeat', 'scroll_up', 'scroll_down'}


class Console:
    """The console (or another program of the host) on a terminal."""

    def __init__(self, host, size=(80, 24), term='xterm-256color', argv=('basalt',),
                 answers=True, env=None):
        self.size = size
        self.screen = AnsweringScreen(*size)
        self.stream = Stream(self.screen)
        self.bytes = 0
        self.status = None
        environ = host.env(TERM=term, **(env or {}))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe('unshare', host.argv(*argv), environ)
        if answers:
            self.screen.answer = lambda d: os.write(self.fd, d.encode())
        self.set_size(*size)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def set_size(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack('HHHH', rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.size = (columns, rows)
        self.screen.resize(rows, columns)
        self.set_size(columns, rows)

    def pump(self, seconds=0.05):
        """Takes what the program writes for so long; False once it has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            self.bytes += len(data)
            self.stream.feed(data)
        return True

    def text(self):
        return '\n'.join(line.rstrip() for line in self.screen.display)

    def line(self, number):
        return self.screen.display[number].rstrip()

    def key_line(self):
        return self.line(self.size[1] - 1)

    def row(self, pattern):
        """The screen's line that holds the pattern."""
        for line in self.screen.display:
            if re.search(pattern, line):
                return line.rstrip()
        raise AssertionError(f'no line with {pattern!r}:\n{self.text()}')

    def wait(self, pattern, timeout=TIMEOUT):
        """Until the screen shows the pattern (a regular expression)."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text(), re.M):
            alive = self.pump(0.02)
            assert alive or re.search(pattern, self.text(), re.M), \
                f'ended without {pattern!r}:\n{self.text()}'
            assert time.monotonic() < end, f'no {pattern!r} in:\n{self.text()}'
        return self.rest()

    def rest(self):
        """Takes the rest of what is being drawn: until nothing comes any more."""
        for _ in range(100):
            if not select.select([self.fd], [], [], 0.02)[0] or not self.pump(0.001):
                break
        return self

    def wait_gone(self, pattern, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while re.search(pattern, self.text(), re.M):
            self.pump(0.02)
            assert time.monotonic() < end, f'still {pattern!r} in:\n{self.text()}'
        return self

    def type(self, text):
        """Types a text as it is."""
        os.write(self.fd, text.encode())
        return self

    def press(self, *keys):
        """Presses keys by name ("Down", "F1", "x")."""
        for key in keys:
            os.write(self.fd, KEYS.get(key, key).encode())
            # A lone Escape must not look like the beginning of what follows.
            self.pump(0.15 if key == 'Esc' else 0.02)
        return self

    def wait_end(self, timeout=TIMEOUT):
        """Until the program has ended; its exit status."""
        end = time.monotonic() + timeout
        while self.status is None:
            self.pump(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, f'it goes on:\n{self.text()}'
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        os.close(self.fd)
