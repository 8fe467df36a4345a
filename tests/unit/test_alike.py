"""Members that levels take to be alike are decoded into one class, in whatever order tables read them."""

import itertools

from checks import some

from mlbgen import lower
from mlbgen.language import source
from mlbgen.python import tree
from mlbgen.python.tree import Node
from mlbgen.samples.infer import infer
from mlbgen.samples.stubs import Stub

HEAD = """\
version: 1
source:
  endpoint: game
  method: test
  url: /{game_pk}
  raw_table: game.test
  document: {game_pk: {type: bigint, path: $.gamePk}}
defaults:
  columns:
    - {name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: Game.}
tables:
"""
PARTS = {name: {"id": 1, "name": "A", "note": "B"} for name in "pqr"}
DOCUMENT = {"gamePk": 1, "a": {name: {"id": 1, "name": "A", "b": PARTS, "c": [{"n": 1}]} for name in "vwxyz"}}
# What each table loops over, and a column of it with its type.
TABLES = {
    "xy": ("each: \"$.a['x','y']\"", "smallint", "each.id"),
    "zw": ("each: \"$.a['z','w']\"", "text", "each.name"),
    "yz": ("each: \"$.a['y','z']\", item: \"each.c[*]\"", "smallint", "item.n"),
    "x_pq": ("each: \"$.a.x.b['p','q']\"", "smallint", "each.id"),
    "y_qr": ("each: \"$.a.y.b['q','r']\"", "text", "each.note"),
    "w_c": ('item: "$.a.w.c[*]"', "smallint", "item.n"),
}


def read(names: tuple[str, ...]) -> Node:
    """The document that tables of these names are read from."""
    text = HEAD
    for name in names:
        rows, sql_type, path = TABLES[name]
        text += f"  - name: game.{name}\n    description: Test.\n    rows: {{{rows}}}\n    primary_key: [game_pk]\n"
        text += f"    columns: [{{name: value, type: {sql_type}, path: {path}, description: Value.}}]\n"
    (shape,) = infer([Stub("test.json", "game.test", DOCUMENT)]).values()
    return tree.tree(lower.lower(source.parse(text, "test.yaml"), shape), shape).root


def test_groups_that_meet_are_one() -> None:
    for names in some(itertools.permutations(["xy", "zw", "yz", "x_pq", "y_qr"])):
        of_a = read(names).member("a").node
        assert {each.json_name for each in of_a.members} == set("wxyz"), names
        assert len({each.node.annotation for each in of_a.members}) == 1, names
        letter = of_a.members[0].node
        assert [each.json_name for each in letter.members] == ["id", "name", "b", "c"], names
        parts = letter.member("b").node
        assert {each.json_name for each in parts.members} == set("pqr"), names
        assert len({each.node.annotation for each in parts.members}) == 1, names
        assert [each.json_name for each in parts.members[0].node.members] == ["id", "note"], names


def test_members_that_no_level_takes_to_be_alike_are_apart() -> None:
    of_a = read(("xy", "w_c")).member("a").node

    assert of_a.member("x").node is of_a.member("y").node
    assert [each.json_name for each in of_a.member("w").node.members] == ["c"]
