"""The matrix's selection: no machine is started here."""
import itertools

import pairs

AXES = (('a', 'b'), (1, 2, 3), 'vwxyz', (True,), (512, 4096))


def test_every_pair_is_met():
    rows = pairs.choose(AXES)
    for (i, one), (k, other) in itertools.combinations(enumerate(AXES), 2):
        for x, y in itertools.product(one, other):
            assert any(row[i] == x and row[k] == y for row in rows), (x, y)


def test_few_and_the_same_each_time():
    rows = pairs.choose(AXES)
    assert rows == pairs.choose(AXES)
    assert len(rows) == len(set(rows)) < 20 < 2 * 3 * 5 * 2
