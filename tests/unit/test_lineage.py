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
