"""An ordinary Debian as guest: from its own disk by GRUB, and from a kernel.

The image is made by mmdebstrap with the distribution's own kernel, initramfs
and GRUB configuration (debian-image.sh).
"""
import shutil

import machine

GUEST_BOOT = 1500
BRIDGE_ADDRESS = '192.168.123.1'

GRUB = """name = "debian"
memory = 384
vcpus = 2
disk = ['phy:/dev/vda,xvda,w']
vif = ['bridge=xenbr0']
"""
KERNEL = GRUB + """kernel = "/tmp/vmlinuz"
ramdisk = "/tmp/initrd"
root = "/dev/xvda1 ro"
extra = "console=hvc0 quiet"
"""


def MACHINE():
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    disk = machine.LOGS / 'debian-work.img'
    shutil.copyfile(machine.BUILD / 'tests' / 'debian.img', disk)
    return {'mem': 2048, 'disks': [(disk, 'virtio-blk-pci', 'debian')]}


def guest_prompt(live):
    """To a root shell on the guest's console, with a prompt of our own."""
    live.expect('root@debian-guest', GUEST_BOOT)
    live.send("stty -echo; PS1=''; bind 'set enable-bracketed-paste off' "
              "2>/dev/null\r")
    live.sync()


def leave_console(live):
    live.send('\x1d')
    live.expect('brings it back')
    live.send("stty -echo; PS1=''\r")
    live.sync()


def enter_console(live):
    live.send('xl console debian\r')
    live.expect('leave it with')
    live.send('\r')
    live.sync()


def shut_down_from_inside(live):
    live.send('poweroff\r')
    live.expect('debian has ended', 900)
    live.sync()


def start(live, config, name='debian'):
    live.send(f'xl create /tmp/{config} -c\r')
    guest_prompt(live)


def test_boots_from_its_own_disk(live):
    live.write_file('/tmp/grub.cfg', GRUB)
    live.write_file('/tmp/kernel.cfg', KERNEL)
    start(live, 'grub.cfg')
    assert 'Debian' in live.run('head -1 /etc/os-release')
    assert live.run('nproc') == '2'
    # The menu names a screen and a serial line only, as a cloud image's does.
    assert live.run('cat /proc/cmdline').endswith('ttyS0,115200 quiet console=hvc0')
    assert live.run('cat /sys/class/tty/console/active').endswith('hvc0')
    assert live.run('cat /sys/hypervisor/guest_type') == 'PVH'
    assert '/dev/xvda1 / ' in live.run('mount -o remount,rw /; cat /proc/mounts')


def test_disk_write(live):
    live.run('dd if=/dev/urandom of=/root/data bs=1M count=48 2>/dev/null; '
             'sync; sha256sum /root/data > /root/data.sum; sync',
             timeout=900)


def test_network_both_ways(live):
    """Ping, and 8 MiB by TCP from and to the guest, checksums equal."""
    live.run('for i in $(seq 60); do ip -4 addr | grep -q 192.168.123 && '
             'break; sleep 1; done')
    address = live.run("ip -4 -o addr | sed -n 's/.*inet "
                       "\\(192.168.123[^/]*\\).*/\\1/p'")
    assert address
    assert ' 0% packet loss' in live.run(f'ping -c 3 {BRIDGE_ADDRESS}')
    live.run('head -c 8388608 /root/data > /root/part')
    want = live.run('sha256sum < /root/part').split()[0]
    leave_console(live)
    live.run('nc -l -p 5001 < /dev/null > /tmp/from-guest & true')
    enter_console(live)
    live.run(f'cat /root/part > /dev/tcp/{BRIDGE_ADDRESS}/5001', timeout=900)
    leave_console(live)
    live.run('wait', timeout=900)
    assert live.run('sha256sum < /tmp/from-guest').split()[0] == want
    live.run('nc -l -p 5002 < /tmp/from-guest & true')
    enter_console(live)
    got = live.run(f'cat < /dev/tcp/{BRIDGE_ADDRESS}/5002 | sha256sum',
                   timeout=900).split()[0]
    assert got == want


def test_guest_reaches_outside(live):
    """Through the bridge's address translation to QEMU's own network."""
    assert ' 0% packet loss' in live.run('ping -c 3 10.0.2.2')


def test_power_off_from_inside(live):
    shut_down_from_inside(live)
    live.run('for i in $(seq 60); do xl domid debian >/dev/null 2>&1 || '
             'break; sleep 1; done; ! xl domid debian 2>/dev/null')


def test_kernel_given_and_data_is_there(live):
    """Started from a kernel file: what was written before is unchanged."""
    live.run('mkdir -p /tmp/m; mount -o ro /dev/vda1 /tmp/m; '
             'cp /tmp/m/boot/vmlinuz-* /tmp/vmlinuz; '
             'cp /tmp/m/boot/initrd.img-* /tmp/initrd; umount /tmp/m')
    start(live, 'kernel.cfg')
    live.run('echo 3 > /proc/sys/vm/drop_caches')
    assert 'data: OK' in live.run('sha256sum -c /root/data.sum', timeout=900)
    shut_down_from_inside(live)
