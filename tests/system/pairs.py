"""A small selection of all combinations in which each pair of values is met."""
import itertools


def pairs_of(row):
    """Each two of a row's values, with the places they have."""
    return set(itertools.combinations(enumerate(row), 2))


def choose(axes):
    """Rows with a value of each axis, so that any two values of two axes come
    together in some row. The same axes give the same rows: of all combinations the
    one that brings the most new pairs comes next, of equals the first."""
    rows = list(itertools.product(*axes))
    missing = set().union(*map(pairs_of, rows))
    chosen = []
    while missing:
        best = max(rows, key=lambda row: len(pairs_of(row) & missing))
        missing -= pairs_of(best)
        chosen.append(best)
    return chosen
