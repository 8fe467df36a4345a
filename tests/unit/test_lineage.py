"""The columns of tables that columns of views are computed from."""

import pytest

from mlbgen.dictionary import lineage
from mlbgen.language.names import SqlName
from mlbgen.postgres.view import View, ViewColumn

TABLES = {"a.t": ["x", "y", "z", "doc"], "a.u": ["x", "w", "at"]}


def view(query: str, *columns: str, name: str = "v", reads: tuple[str, ...] = ("a.t", "a.u")) -> View:
    return View(SqlName("a"), SqlName(name), "", tuple(ViewColumn(SqlName(each), "") for each in columns), query, reads)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT t.x + t.y AS s, 1 AS one FROM a.t AS t", {"s": "t.x t.y", "one": ""}),
        ("SELECT t.x FROM a.t AS t JOIN a.u AS u ON u.x = t.y WHERE u.w > 1", {"x": "t.x"}),
        ("(SELECT x, y FROM a.t) UNION ALL (SELECT w, x FROM a.u)", {"x": "t.x u.w", "y": "t.y u.x"}),
        ("SELECT x FROM a.t UNION (SELECT w FROM a.u UNION SELECT y FROM a.t)", {"x": "t.x t.y u.w"}),
        (
            ("WITH RECURSIVE r AS (SELECT x FROM a.t UNION ALL SELECT r.x + u.w FROM r JOIN a.u AS u ON u.x = r.x)"
            " SELECT r.x FROM r"),
            {"x": "t.x u.w"},
        ),
        ("WITH c (p, q) AS (SELECT x, y FROM a.t) SELECT c.q FROM c", {"q": "t.y"}),
        ("SELECT d.x FROM (SELECT x FROM a.t UNION ALL SELECT w FROM a.u) AS d", {"x": "t.x u.w"}),
        ("SELECT s.q FROM (SELECT max(x) OVER (PARTITION BY y) AS q FROM a.t) AS s", {"q": "t.x t.y"}),
        (
            ("SELECT EXISTS (SELECT 1 FROM a.u AS u WHERE u.x = t.x) AS e,"
            " (SELECT u.w FROM a.u AS u WHERE u.x = t.x LIMIT 1) AS w FROM a.t AS t"),
            {"e": "", "w": "u.w"},
        ),
        (
            ("SELECT l.m FROM a.t AS t"
            " CROSS JOIN LATERAL (SELECT t.z + u.w AS m, u.at FROM a.u AS u WHERE u.x = t.x) AS l"),
            {"m": "t.z u.w"},
        ),
        (
            ("SELECT l.m FROM a.t AS t"
            " CROSS JOIN LATERAL (SELECT u.w FROM a.u AS u UNION ALL SELECT t.y) AS l (m)"),
            {"m": "t.y u.w"},
        ),
        ("SELECT t.x, e.v FROM a.t AS t CROSS JOIN LATERAL unnest(ARRAY[t.y, t.z]) AS e (v)", {"v": "t.y t.z"}),
        ("SELECT e.value AS v FROM a.t AS t, jsonb_array_elements(t.doc) AS e (value)", {"v": "t.doc"}),
        (
            "SELECT v.k, count(*) FILTER (WHERE t.y > 1) AS n FROM a.t AS t, (VALUES (1)) AS v (k)",
            {"k": "", "n": "t.y"},
        ),
    ],
)  # fmt: skip
def test_lineage(query: str, expected: dict[str, str]) -> None:
    found = lineage.of_views([view(query, *expected)], TABLES)["a.v"]
    assert found == {name: tuple(f"a.{each}" for each in columns.split()) for name, columns in expected.items()}


def test_a_view_of_a_view_leads_to_the_tables() -> None:
    first = view("SELECT t.x + t.y AS s FROM a.t AS t", "s", name="first", reads=("a.t",))
    second = view("SELECT f.s, u.w FROM a.first AS f JOIN a.u AS u ON u.x = f.s", "s", "w", name="second")
    assert lineage.of_views([first, second], TABLES)["a.second"] == {"s": ("a.t.x", "a.t.y"), "w": ("a.u.w",)}


TYPES = {
    "a.t": {"x": "smallint", "y": "smallint", "z": "numeric(5,1)", "doc": "jsonb"},
    "a.u": {"x": "integer", "w": "text", "at": "timestamptz"},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("t.z", "numeric(5,1)"),
        ("(t.x)::int", "integer"),
        ("t.x::decimal(4, 2)", "numeric(4,2)"),
        ("t.x::double precision", "double precision"),
        ("t.x::varchar(3)", None),
        ("t.x::real", None),
        ("u.at::timestamp", None),
        ("count(*) FILTER (WHERE t.x > 1)", "bigint"),
        ("t.x > 1 AND u.w IS NOT NULL", "boolean"),
        ("coalesce(t.x, t.y)", "smallint"),
        ("coalesce(t.x, u.x)", None),
        ("CASE WHEN t.x > 1 THEN u.at ELSE NULL END", "timestamptz"),
        ("CASE WHEN t.x > 1 THEN t.x ELSE 0 END", None),
        ("max(t.z)", "numeric"),
        ("sum(t.x)", "bigint"),
        ("sum(sum(t.x)) OVER ()", "numeric"),
        ("sum(t.doc)", None),
        ("t.x + t.y", None),
        ("upper(u.w)", None),
    ],
)
def test_types_are_told_where_they_are_certain(expression: str, expected: str | None) -> None:
    query = f"SELECT {expression} AS it FROM a.t AS t JOIN a.u AS u ON u.x = t.x"  # noqa: S608 - of this test
    first = view(query, "it", name="first")
    second = view(
        "SELECT f.it FROM (SELECT it FROM a.first UNION ALL SELECT it FROM a.first) AS f", "it", name="second"
    )
    found = lineage.types_of_views([first, second], TYPES)
    assert found == {"a.first": {"it": expected}, "a.second": {"it": expected}}
