"""Bochs as a machine: the one that has Intel VT-x, and a second AMD-V.

Bochs has no display that writes nowhere and no loader for ELF images, so a
machine here is started on an ISO and its text screen goes to a pseudo terminal
that is read and thrown away (unread, it stops the machine after 4 KiB).
"""
import os
import pty
import re
import subprocess
import tempfile
import threading

ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin"
MODULES = "/usr/lib/syslinux/modules/bios"
SCREEN = re.compile(rb'connected to screen "([^"]+)"')

# One tick of the TSC an instruction: time in the machine is work done.
CONFIG = """\
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1, e1000={nic}
display_library: term
config_interface: textconfig
cpu: model={model}, count={cpus}, ips=100000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest={memory}, host={memory}
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
boot: cdrom
ata0-master: type=cdrom, path={iso}, status=inserted
com1: enabled=1, {serial}
clock: sync=none, time0=1700000000
log: {log}
panic: action=report
error: action=report
info: action=ignore
debug: action=ignore
pci: enabled=1, chipset=i440fx
"""


def make_iso(path, files, append):
    """A CD that starts files[0] by mboot.c32 with the words @append."""
    with tempfile.TemporaryDirectory() as tree:
        os.mkdir(f"{tree}/isolinux")
        for f in [ISOLINUX, *(f"{MODULES}/{m}.c32" for m in
                              ("ldlinux", "libcom32", "mboot"))]:
            os.symlink(f, f"{tree}/isolinux/{os.path.basename(f)}")
        for f in files:
            os.symlink(os.path.abspath(f), f"{tree}/{os.path.basename(f)}")
        with open(f"{tree}/isolinux/isolinux.cfg", "w", encoding="ascii") as c:
            c.write(f"DEFAULT t\nLABEL t\nKERNEL mboot.c32\nAPPEND {append}\n")
        subprocess.run(
            ["xorriso", "-as", "mkisofs", "-quiet", "-f", "-o", path,
             "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat",
             "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", tree],
            check=True, stderr=subprocess.DEVNULL)


def drain(fd):
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass


class Bochs:
    """A running machine; use as a context manager, which ends it."""

    def __init__(self, iso, serial, model="corei7_skylake_x", cpus=1, memory=512,
                 nic=0):
        self.dir = tempfile.TemporaryDirectory(prefix="bochs.")
        rc = f"{self.dir.name}/bochsrc"
        with open(rc, "w", encoding="ascii") as f:
            f.write(CONFIG.format(iso=os.path.abspath(iso), serial=serial, nic=nic,
                                  model=model, cpus=cpus, memory=memory,
                                  log=f"{self.dir.name}/log"))
        with open(f"{self.dir.name}/debugger", "w", encoding="ascii") as f:
            f.write("c\n")  # Debian's Bochs starts in its debugger
        self.control, inner = pty.openpty()
        self.process = subprocess.Popen(
            ["bochs", "-q", "-f", rc, "-rc", f"{self.dir.name}/debugger"],
            stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            env={**os.environ, "TERM": "vt100"})
        os.close(inner)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        seen, screen = b"", None
        try:
            while data := os.read(self.control, 4096):
                seen = (seen + data)[-4096:]
                if not screen and (m := SCREEN.search(seen)):
                    screen = os.open(m.group(1), os.O_RDWR | os.O_NOCTTY)
                    threading.Thread(target=drain, args=(screen,),
                                     daemon=True).start()
        except OSError:
            pass

    def poll(self):
        return self.process.poll()

    def kill(self):
        self.process.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.control)
        self.dir.cleanup()
