"""What leads from one schema to another, and which types keep every value."""

from dataclasses import replace

import pytest
from small_ir import GAMES, PLAYS, column

from mlbgen import ir
from mlbgen.postgres.difference import AlteredTable, SchemaDifference, difference
from mlbgen.postgres.relation import Field, Relation, table_relation
from mlbgen.postgres.widening import widens

OLD = (table_relation(GAMES), table_relation(PLAYS))


def after(**members: object) -> SchemaDifference:
    """From the games and plays to the same with other members of plays."""
    return difference(OLD, (OLD[0], replace(OLD[1], **members)))  # type: ignore[arg-type]


def altered(**members: object) -> AlteredTable:
    (only,) = after(**members).altered
    return only


def with_type(name: str, spelling: str) -> tuple[Field, ...]:
    return tuple(replace(each, type=spelling) if each.name == name else each for each in OLD[1].fields)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("smallint", "integer"),
        ("smallint", "double precision"),
        ("integer", "bigint"),
        ("integer", "double precision"),
        ("bigint", "numeric"),
        ("bigint", "numeric(19)"),
        ("smallint", "numeric(6,1)"),
        ("numeric(5,1)", "numeric(6,2)"),
        ("numeric(5,1)", "numeric"),
        ("numeric", "text"),
        ("boolean", "text"),
        ("uuid", "text"),
    ],
)
def test_a_wider_type_keeps_every_value(old: str, new: str) -> None:
    assert widens(old, new)
    assert not widens(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bigint", "double precision"),
        ("bigint", "numeric(18)"),
        ("smallint", "numeric(5,1)"),
        ("numeric(5,1)", "numeric(5,2)"),
        ("numeric(5,1)", "numeric(6,0)"),
        ("numeric", "numeric(30,10)"),
        ("numeric(5,1)", "double precision"),
        ("double precision", "numeric"),
        ("double precision", "text"),
        ("date", "timestamptz"),
        ("timestamptz", "text"),
        ("text", "uuid"),
        ("jsonb", "text"),
    ],
)
def test_any_other_type_may_lose_some(old: str, new: str) -> None:
    assert not widens(old, new)


def test_nothing_differs() -> None:
    found = difference(OLD, OLD)
    assert not found
    assert found.after == OLD
    assert not difference(OLD, OLD[::-1])


def test_the_order_of_columns_is_no_difference() -> None:
    assert not after(fields=OLD[1].fields[::-1])


def test_columns_come_and_go() -> None:
    extra = Field("extra", "text", nullable=True, description="More.")
    found = altered(fields=(extra, *(each for each in OLD[1].fields if each.name != "speed")))
    assert [each.name for each in found.dropped] == ["speed"]
    assert found.added == (extra,)
    assert found.changes[:2] == ("column speed dropped", "column extra added")
    assert [each.name for each in found.after.fields] == [
        "game_pk", "season", "play_index", "event", "captured_at", "ingested_at", "extra",
    ]  # fmt: skip


def test_a_narrower_type_is_another_column() -> None:
    found = altered(fields=with_type("speed", "smallint"))
    assert found.narrowed == {"speed"}
    assert found.dropped[0].type == "numeric(5,1)"
    assert found.added[0].type == "smallint"
    assert found.after.fields[-1].name == "speed"


def test_what_is_over_a_column_of_another_type_is_made_anew() -> None:
    found = altered(fields=with_type("speed", "numeric"))
    assert [each.name for each in found.widened] == ["speed"]
    assert [each.name for each in found.indexes.added] == [each.name for each in found.indexes.dropped]
    assert [each.name for each in found.indexes.added] == ["plays_event_idx"]


def test_a_plain_index_stays_when_its_column_gets_wider() -> None:
    (found,) = difference(*([replace(OLD[1], fields=with_type("event", kind))] for kind in ("uuid", "text"))).altered
    assert [each.name for each in found.indexes.added] == ["plays_event_idx"], "the other is of columns alone"


def test_an_index_is_made_anew_with_a_column_that_its_expression_alone_names() -> None:
    over = ir.ExpressionIndex(
        "plays_sum_idx", ir.Expression('"play_index" + "speed"', ("play_index", "speed")), None, unique=False
    )
    before = replace(OLD[1], indexes=(over,))
    (found,) = difference([before], [replace(before, fields=with_type("speed", "numeric"))]).altered
    assert (found.indexes.dropped, found.indexes.added) == ((over,), (over,))


def test_a_foreign_key_is_made_anew_with_the_column_it_leads_to() -> None:
    games = replace(OLD[0], fields=tuple(replace(each, type="numeric") for each in OLD[0].fields[:1]))
    found = difference(OLD, (replace(games, fields=(*games.fields, *OLD[0].fields[1:])), OLD[1]))
    assert [each.new.name for each in found.altered] == ["games", "plays"]
    assert found.altered[1].changes == ("foreign key plays_game_pk_fkey recreated",)


def test_a_foreign_key_is_made_anew_with_the_table_it_leads_to() -> None:
    games = replace(OLD[0], primary_key=("season", "game_pk"))
    found = difference(OLD, (games, OLD[1]))
    assert [each.new.name for each in found.rebuilt] == ["games"]
    assert found.rebuilt[0].reasons == ("its key was (game_pk, season) and is (season, game_pk)",)
    assert [each.changes for each in found.altered] == [("foreign key plays_game_pk_fkey recreated",)]
    assert set(found.after) == {games, OLD[1]}


def test_a_foreign_key_is_made_anew_with_a_parent_that_has_no_partitions_any_more() -> None:
    (found,) = difference(OLD, (replace(OLD[0], partition=None), OLD[1])).altered
    assert found.foreign_keys.dropped == found.foreign_keys.added == OLD[1].foreign_keys
    assert found.changes == ("foreign key plays_game_pk_fkey recreated",)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"partition": None}, "it was partitioned by list of season and is not partitioned"),
        ({"fields": with_type("season", "integer")}, "season of its key was smallint and is integer"),
        ({"fields": with_type("game_pk", "integer")}, "game_pk of its key was bigint and is integer"),
        (
            {"fields": (*OLD[1].fields, Field("leg", "integer", nullable=False, description="A leg."))},
            "leg is new and may not be NULL",
        ),
    ],
)
def test_changes_that_need_a_rebuild(members: dict[str, object], reason: str) -> None:
    (found,) = after(**members).rebuilt
    assert found.reasons == (reason,)


def test_nullability_and_defaults() -> None:
    fields = tuple(replace(each, nullable=True, now=not each.now) for each in OLD[1].fields)
    found = altered(fields=fields)
    assert {each.name for each in found.nullability} == {each.name for each in OLD[1].fields if not each.nullable}
    assert len(found.defaults) == len(fields)


def test_partitions_that_were_made_stay() -> None:
    found = altered(partition=ir.ListPartition("season", (2025, 2026)))
    assert found.ahead == (2026,)
    assert found.after.partition == ir.ListPartition("season", (2024, 2025, 2026))
    assert not difference(OLD, (OLD[0], replace(OLD[1], partition=ir.ListPartition("season", ()))))


def test_tables_come_and_go() -> None:
    extra = replace(table_relation(replace(GAMES, columns=(column("id", "integer"),))), schema="other", name="things")
    found = difference(OLD, (extra, OLD[0]))
    assert (found.created, found.dropped, found.unchanged) == ((extra,), (OLD[1],), (OLD[0],))
    assert found.new_schemas == ("other",)
    assert set(found.after) == {OLD[0], extra}


def test_a_table_of_responses_is_told_by_a_check_without_a_name() -> None:
    raw = Relation("league", "game_v1", "Responses.", OLD[0].fields, ("game_pk",), None, raw=True)
    (found,) = difference([raw], [replace(raw, checks=(replace(OLD[0].checks[0], name=None),))]).rebuilt
    assert found.reasons == ("a check without a name differs",)
