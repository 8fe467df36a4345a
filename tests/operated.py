"""Two databases with the same captures, compared as operators see them."""

from collections.abc import Iterable
from dataclasses import replace

from checks import some

from mlb_contracts import Method
from mlb_etl.stores.interfaces.operations import Operations


def require_same(ours: Operations, theirs: Operations, methods: Iterable[Method]) -> None:
    """Assert that the status, sums and checks are the same, and that rows equal those of captures."""
    assert replace(ours.status(), partitions=()) == replace(theirs.status(), partitions=())  # a lake needs none ahead
    compared = rules = 0
    for method in methods:
        for each in ours.compare(method, {}):
            assert each.right, each
            compared += 1
        assert [*ours.different_sums(method, {}, None)] == [*theirs.different_sums(method, {}, None)]
        assert list(ours.broken_checks(method, {})) == list(theirs.broken_checks(method, {}))
        rules += 0 if method.sums is None else len(some(method.sums.rules))
    assert compared > 20
    assert rules


def require_same_sums(ours: Operations, theirs: Operations, method: Method) -> None:
    """Assert that sums differ and checks are broken in the same way, also in a part of the documents."""
    differences = some([*theirs.different_sums(method, {}, None)])
    assert [*ours.different_sums(method, {}, None)] == differences
    assert [*ours.broken_checks(method, {})] == some([*theirs.broken_checks(method, {})])
    scope = {"game_pk": [differences[0].by["game_pk"]]}
    for season in (None, 1999):
        part = [*theirs.different_sums(method, scope, season)]
        assert bool(part) == (season is None)
        assert [*ours.different_sums(method, scope, season)] == part
