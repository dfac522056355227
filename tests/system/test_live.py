"""The ISO boots live: the control domain and the machine's real devices."""
import re

import machine

# One disk of each kind a server has; contents do not matter.
KINDS = {'nvme': '/dev/nvme0n1', 'virtio-blk-pci': '/dev/vda',
         'ide-hd': '/dev/sd', 'usb-storage': '/dev/sd'}


def MACHINE():
    disks = []
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        path = machine.LOGS / f'live-{kind}.img'
        with open(path, 'wb') as f:
            f.truncate(64 << 20)
        disks.append((path, kind, kind[:12]))
    return {'disks': disks, 'mem': 2048,
            'extra': ['-netdev', 'user,id=n1',
                      '-device', 'virtio-net-pci,netdev=n1',
                      '-device', 'usb-kbd']}


def test_control_domain(live):
    assert live.run('cat /sys/hypervisor/type') == 'xen'
    assert live.run('cat /sys/hypervisor/guest_type') == 'PVH'
    assert live.run('cat /proc/xen/capabilities') == 'control_d'
    assert live.run('nproc') == '2'
    assert '-amd64' in live.run('uname -r')


def test_both_processors_work(live):
    """Each vCPU is a CPU of the machine and gets its own timer events."""
    before = live.run("grep -i timer /proc/interrupts")
    live.run('for c in 0 1; do taskset -c $c true 2>/dev/null; done', None)
    live.run('sleep 2')
    after = live.run("grep -i timer /proc/interrupts")
    assert before != after
    assert live.run('cat /sys/devices/system/cpu/online') == '0-1'


def test_scratch_window_is_above_everything(live):
    """Linux's grant frames once went into the PCI hole and took BARs."""
    iomem = live.run('cat /proc/iomem')
    starts = [int(m, 16) for m in
              re.findall(r'^\s*([0-9a-f]+)-[0-9a-f]+ : Xen scratch', iomem,
                         re.M)]
    assert starts, iomem
    assert min(starts) >= 512 << 30
    assert 'conflict' not in live.run('dmesg | grep -i "xen scratch"', None)


def test_scratch_window_is_cached(live):
    """With the host's MTRRs in view Linux maps grant frames uncached."""
    live.run('mount -t debugfs debugfs /sys/kernel/debug', None)
    listed = live.run('cat /sys/kernel/debug/x86/pat_memtype_list')
    assert 'PAT memtype list' in listed
    scratch = [line for line in listed.split('\n') if
               (m := re.search(r'0x([0-9a-f]+)-', line)) and
               int(m.group(1), 16) >= 512 << 30]
    assert scratch
    assert all('write-back' in line for line in scratch), scratch


def test_no_legacy_interrupt_controller(live):
    """With PCAT_COMPAT in the MADT Linux panics: no timer on the IO-APIC."""
    table = live.run('xxd -p -c 64 /sys/firmware/acpi/tables/APIC | head -1')
    flags = bytes.fromhex(table.split()[0])[40:44]
    assert int.from_bytes(flags, 'little') & 1 == 0
    assert 'IO-APIC' in live.run('cat /proc/interrupts')


def test_disks_write_and_read_back(live):
    """NVMe, virtio, AHCI and USB, through real interrupts and DMA."""
    names = live.run('ls /dev | grep -E "^(nvme0n1|vda|sd[a-z])$"').split()
    assert len(names) == len(KINDS), names
    live.run('dd if=/dev/urandom of=/tmp/random bs=1M count=16 2>/dev/null')
    want = live.run('sha256sum < /tmp/random').split()[0]
    for name in names:
        live.run(f'dd if=/tmp/random of=/dev/{name} bs=1M conv=fsync '
                 '2>/dev/null')
        live.run('echo 3 > /proc/sys/vm/drop_caches')
        got = live.run(f'dd if=/dev/{name} bs=1M count=16 2>/dev/null | '
                       'sha256sum').split()[0]
        assert got == want, name
    live.run('rm /tmp/random')


def test_network_cards(live):
    """e1000e and virtio-net: the first gets an address, the host answers."""
    cards = live.run('ls -d /sys/class/net/*/device').split()
    assert len(cards) == 2
    live.run('for i in $(seq 60); do ip route | grep -q default && break; '
             'sleep 1; done; ip route | grep default')
    assert '3 packets received' in live.run('ping -c 3 10.0.2.2')


def test_keyboard_is_there(live):
    assert 'Keyboard' in live.run('grep Name /proc/bus/input/devices')


def test_xl_info(live):
    info = dict(re.findall(r'^(\S+)\s+: (.*)$', live.run('xl info'), re.M))
    assert info['nr_cpus'] == '2'
    assert info['xen_major'] == '4' and info['xen_minor'] == '.17'.lstrip('.')
    assert 1500 < int(info['total_memory']) <= 2048
    assert 0 < int(info['free_memory']) < int(info['total_memory'])
    assert 'hvm-3.0-x86_32' in info['xen_caps']


def test_xl_list_shape(live):
    lines = live.run('xl list').split('\n')
    assert lines[0].split() == ['Name', 'ID', 'Mem', 'VCPUs', 'State',
                                'Time(s)']
    name, domid, _, vcpus, state, _ = lines[1].split()
    assert (name, domid, vcpus) == ('Domain-0', '0', '2')
    assert re.fullmatch('[r-][b-][p-][s-][c-][d-]', state)
    assert lines[1].startswith('Domain-0'.ljust(40))
    live.run('xl list nobody', status=1)


def test_hypervisor_log(live):
    assert 'Basalt hypervisor' in live.run('xl dmesg')


def test_events_by_fifo(live):
    assert 'Using FIFO-based ABI' in live.run('dmesg | grep xen:events')


def test_looking_into_the_hypervisor(live):
    live.run('xl debug-keys hc')
    log = live.run('xl dmesg')
    assert "key 'q': domains and vCPUs" in log
    assert re.search(r'hypercall vcpu_op: \d+', log)
    assert re.search(r'\d+  exit hlt', live.run('hvtrace -c'))
    trace = live.run('hvtrace -e hypercall,switch 0.2 | head -n 200')
    assert re.search(r'CPU \d d0v\d hypercall \w+ 0x', trace)
    assert ' exit ' not in trace
    live.run('hvtrace -e nonsense', 2)


def test_topology(live):
    lines = live.run('xl info -n').split('\n')
    at = lines.index(next(x for x in lines if x.startswith('cpu_topology')))
    assert [x.split()[0] for x in lines[at + 2:at + 4]] == ['0:', '1:']
    assert re.match(r' +0: +\d{3,} +\d+ +10', lines[-1])
    assert live.run('xl list -n').split('\n')[1].endswith(' all')


def test_kernel_is_content(live):
    """Nothing that a kernel reports about a broken machine."""
    log = live.run('dmesg')
    for bad in ['BUG:', 'Oops', 'Call Trace', 'swiotlb buffer is full',
                'unchecked MSR']:
        assert bad not in log


def test_power_off(live):
    live.power_off()
