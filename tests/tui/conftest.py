"""Fixtures: a fresh host, and each test at both sizes that matter."""
import pytest

import harness


@pytest.fixture
def host():
    with harness.Host() as h:
        yield h


@pytest.fixture(params=[(80, 24), (160, 50)], ids=['80x24', '160x50'])
def size(request):
    return request.param


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    failed = len(stats.get('failed', [])) + len(stats.get('error', []))
    print(f"\nconsole: {len(stats.get('passed', []))} passed, {failed} failed")
