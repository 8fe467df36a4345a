"""Values that refer to code tables (`refers_to`), over all captured samples: the code table has them, but for some."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from captured_values import PACKAGE, rows

from mlb_etl import registry

METHODS = [registry.method(PACKAGE, name) for name in registry.methods(PACKAGE)]
CODES = (
    "config.game_status.status_code",
    "config.game_type.game_type",
    "division.division.division_id",
    "league.league.league_id",
    "sports.sport.sport_id",
)
_MINOR = "109 110 111 112 113 116 118 119 121 122 123 124 125 128 130 135 159 160 565 6006"
EXCEPTIONS: Mapping[str, frozenset[int]] = {"league.league.league_id": frozenset(map(int, _MINOR.split()))}
"""Values that the captured code table lacks: it was asked for the leagues of Major League Baseball only."""


@pytest.mark.parametrize("code", CODES)
def test_the_code_table_has_the_values_that_refer_to_it(code: str, stubs_dir: Path) -> None:
    table, _, column = code.rpartition(".")
    (owner,) = (method for method in METHODS if any(each.qualified_name == table for each in method.tables))
    known = rows(owner.name, stubs_dir)[table][column]
    referring = [
        (method, each, one)
        for method in METHODS
        for each in method.tables
        for one in each.columns
        if one.refers_to is not None and f"{one.refers_to.table}.{one.refers_to.column}" == code
    ]
    assert referring, "some column refers to it"
    lacking = (
        {
            value
            for method, each, one in referring
            for value in rows(method.name, stubs_dir).get(each.qualified_name, {}).get(one.name, frozenset())
        }
        - known
        - {None}
    )
    assert lacking <= EXCEPTIONS.get(code, frozenset())
