"""A machine that cannot be used says so on one screen, and stays there."""
import pytest

import machine

CASES = {
    'no-svm': ({'cpu': 'max,-svm'}, ['cannot run', 'neither AMD-V']),
    'no-nested-paging': ({'cpu': 'max,-npt'}, ['nested paging']),
    'little-memory': ({'mem': 128}, ['memory']),
}


@pytest.mark.parametrize('case', CASES)
def test_refused(case):
    options, words = CASES[case]
    m = machine.Machine(f'refused-{case}', net=False, **options)
    try:
        for word in words:
            m.expect(word, machine.BOOT_TIMEOUT)
    finally:
        m.kill()
