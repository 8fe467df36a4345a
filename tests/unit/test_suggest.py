"""What `mlbgen suggest` makes of small samples, rule by rule, and that the result passes every check."""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from checked import check_samples
from checks import some

from mlb_sim import Simulator, samples
from mlbgen import ir, lower
from mlbgen.cli import main
from mlbgen.language import source
from mlbgen.language.errors import MlbgenError
from mlbgen.samples import infer, stubs
from mlbgen.samples.stubs import Stub
from mlbgen.suggest import suggest

ROOT = Path(__file__).parents[2]
METHOD = "club.games"
HOST = "https://api.example/api/v1"


def stub(document: object, path: str = "/games", *, in_path: dict[str, str] | None = None, **query: str) -> Stub:
    """A sample; `path` is that of its URL, with the parameters' values."""
    given = in_path or {}
    number = f"{path}_{'_'.join(query.values())}_{hash(str(document))}"
    return Stub(f"/stubs/{number}.json", METHOD, document, query | given, url=f"{HOST}{path}", in_path=frozenset(given))


def mapping(*given: Stub, taken: tuple[str, ...] = ()) -> dict[str, Any]:
    """The suggestion's data."""
    data: Any = source.parse(suggest(METHOD, given, taken), "suggestion.yaml").data
    return dict(data)


def checked(*given: Stub) -> ir.Method:
    """The suggestion, lowered, of which the samples find nothing wrong."""
    name = given[0].name
    text = source.parse(suggest(name, given), "suggestion.yaml")
    method = lower.lower(text, infer.infer(each for each in given if each.is_answer)[name])
    found = check_samples(method, given)
    assert [each.render() for each in found.diagnostics] == []
    assert found.whole
    return method


def tables(*given: Stub) -> dict[str, ir.Table]:
    return {each.name: each for each in checked(*given).tables}


def columns(table: ir.Table) -> dict[str, str]:
    """The types of its columns by their names, but those that every table has."""
    return {each.name: str(each.type) for each in table.columns if each.name not in {"captured_at", "ingested_at"}}


def column(value: object, name: str = "x", *others: object) -> ir.Column:
    """The column for a member that has these values."""
    items = [{"id": number, name: each} for number, each in enumerate((value, *others), 1)]
    (table,) = checked(stub({"games": items})).tables
    return table.columns[1]


ONE = {"gamePk": 7, "note": "x", "plays": [{"index": 0, "runs": 1}, {"index": 1, "runs": 0}]}
OF_ONE: dict[str, Any] = {"path": "/game/7/feed", "in_path": {"gamePk": "7"}}


class TestDocuments:
    def test_a_response_that_its_request_identifies_is_one(self) -> None:
        made = mapping(stub(ONE, **OF_ONE))["source"]
        assert made["url"] == "/api/v1/game/{gamePk}/feed"
        assert made["query"] == []
        assert made["document"] == {"game_pk": {"type": "bigint", "path": "$.gamePk", "description": "TODO"}}
        assert made["accept"][0]["equals_parameter"] == "gamePk"

    def test_a_key_that_the_response_does_not_repeat_comes_from_the_request(self) -> None:
        other = stub({**ONE, "gamePk": 8}, **OF_ONE)
        for given in ([stub({"note": "x"}, **OF_ONE)], [stub(ONE, **OF_ONE), other]):
            assert mapping(*given)["source"]["document"]["game_pk"]["parameter"] == "gamePk"
            checked(*given)

    def test_items_that_requests_ask_for_are_documents(self) -> None:
        given = (
            stub({"people": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]}, "/people", personIds="1,2,3", hydrate="x"),
            stub({"people": [{"id": 1, "n": "a"}]}, "/people/1", in_path={"personId": "1"}),
        )
        made = mapping(*given)["source"]
        assert made["items"] == {"person": "$.people[*]"}
        assert made["document"]["person_id"]["asked_by"] == ["personIds", "personId"]
        assert [made["url"], made["query"]] == ["/api/v1/people", ["personIds", "hydrate"]]
        assert made["forms"] == [{"url": "/api/v1/people/{personId}", "query": []}]
        assert checked(*given).tables[0].name == "person"

    def test_what_only_the_request_tells_is_a_key_beside_the_items(self) -> None:
        given = stub({"dates": [{"date": "2024-07-01", "games": 3}]}, sportId="1", date="2024-07-01")
        several = {"dates": [{"date": f"2024-07-0{day}", "games": day} for day in (1, 2)]}
        ranged = stub(several, sportId="1", startDate="2024-07-01", endDate="2024-07-03")
        document = mapping(given, ranged)["source"]["document"]
        assert document["sport_id"] == {"type": "integer", "parameter": "sportId", "description": "TODO"}
        assert document["day_date"]["asked_by"] == ["date", "startDate..endDate"]
        checked(given, ranged)

    def test_what_a_request_asks_for_is_a_key_even_of_one_item(self) -> None:
        given = stub({"dates": [{"date": "2024-07-01", "games": 3}]}, sportId="1", date="2024-07-01")
        assert [*mapping(given)["source"]["document"]] == ["sport_id", "day_date"]
        assert "Too few items were seen to show that date is unique." in suggest(METHOD, [given])
        other = stub({"dates": [{"date": "2024-07-01", "games": 3}]}, sportId="1", date="2024-07-02")
        assert [*mapping(other)["source"]["document"]] == ["sport_id", "requested_date"]

    def test_requests_with_and_without_what_asks_are_different_forms(self) -> None:
        one, every = {"venues": [{"id": 1, "n": "a"}]}, {"venues": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]}
        given = (
            stub(one, "/venues", venueIds="1"),
            stub(one, "/venues", venueIds="1", season="2024"),
            stub(every, "/venues"),
        )
        made = mapping(*given)["source"]
        assert [made["query"], made["forms"]] == [["venueIds", "season"], [{"url": "/api/v1/venues", "query": []}]]

    def test_items_of_a_list_that_is_not_asked_for_by_key_are_documents_if_they_have_one(self) -> None:
        given = stub([{"code": "R", "words": "Regular"}, {"code": "S", "words": "Spring"}])
        made = mapping(given)["source"]
        assert [made["items"], made["accept"]] == [
            {"game": "$[*]"},
            [{"rule": "must be a list", "path": "$", "type": "array"}],
        ]
        assert [*checked(given).tables[0].primary_key] == ["code"]

    def test_an_item_with_a_season_is_of_that_season(self) -> None:
        given = stub({"teams": [{"id": 1, "season": 2024, "n": "a"}, {"id": 2, "season": 2024, "n": "b"}]})
        assert [*checked(given).tables[0].primary_key] == ["team_id", "season"]

    def test_a_list_that_is_all_of_what_was_asked_for_stays_whole(self) -> None:
        given = stub(
            {"roster": [{"person": {"id": 5}}, {"person": {"id": 6}}]}, "/teams/1/roster", in_path={"teamId": "1"}
        )
        (table,) = checked(given).tables
        assert table.primary_key == ("team_id", "person_id")

    def test_several_values_of_a_key_are_not_one_document(self) -> None:
        """Their sample is set aside, unless most requests are like that."""
        one, two = (stub({"a": number}, sportId=ids) for number, ids in ((1, "1"), (2, "1,51")))
        assert mapping(one, two)["source"]["document"]["sport_id"]["type"] == "integer"
        others = stub({"a": 3}, sportId="1,51"), stub({"a": 4}, sportId="2,3")
        assert mapping(one, two, *others)["source"]["document"]["sport_id"]["type"] == "text"
        assert "# sportId can have several values at once" in suggest(METHOD, (one, two, *others))

    def test_nothing_identifies_a_document(self) -> None:
        with pytest.raises(MlbgenError, match="nothing identifies a document"):
            suggest(METHOD, [stub({"a": 1})])

    def test_an_answer_with_fields_or_an_error_is_not_whole(self) -> None:
        partial = stub(ONE, fields="gamePk", **OF_ONE)
        failed = Stub("/stubs/1.json", METHOD, {"message": "no"}, is_answer=False)
        with pytest.raises(MlbgenError, match=r"no sample of club\.games is a whole answer"):
            suggest(METHOD, [partial, failed])
        assert "from 1 sample of" in suggest(METHOD, [partial, failed, stub(ONE, **OF_ONE)])

    def test_each_sample_asks_for_several_documents(self) -> None:
        given = stub({"a": 1}, personId="1", season="2023,2024"), stub({"a": 2}, personId="1,2", season="2024")
        with pytest.raises(MlbgenError, match=r"no sample of club\.games asks for a single document"):
            suggest(METHOD, given)

    def test_two_parameters_of_one_value(self) -> None:
        given = stub(ONE, "/leagues/1/teams/1", in_path={"leagueId": "1", "teamId": "1"})
        assert mapping(given)["source"]["url"] == "/api/v1/leagues/{leagueId}/teams/{teamId}"

    @pytest.mark.parametrize(
        ("url", "query", "said"),
        [
            ("api/v1/games", {}, "'api/v1/games' is not the URL of a request"),
            ("http://[x", {}, r"'http://\[x' is not the URL of a request"),
            (f"{HOST}/games", {"a-b": "1"}, "a mapping can't name the parameter 'a-b' of its request"),
        ],
    )
    def test_requests_that_no_mapping_can_describe(self, url: str, query: dict[str, str], said: str) -> None:
        with pytest.raises(MlbgenError, match=rf"/stubs/1\.json: {said}"):
            suggest(METHOD, [Stub("/stubs/1.json", METHOD, ONE, {"gamePk": "7", **query}, url=url)])

    def test_a_sample_needs_its_url(self) -> None:
        with pytest.raises(MlbgenError, match=r"/stubs/1\.json: url is missing"):
            suggest(METHOD, [Stub("/stubs/1.json", METHOD, ONE, {"gamePk": "7"})])


class TestTables:
    def test_each_list_is_a_table_with_the_keys_around_it(self) -> None:
        plays = [
            {"number": 1, "events": [{"index": 0, "a": 1}, {"index": 1, "a": 2}]},
            {"number": 2, "events": [{"index": 0, "a": 3}]},
        ]
        made = tables(stub({"note": "x", "plays": plays}, **OF_ONE))
        assert [*made] == ["games", "games_plays", "games_events"]
        assert made["games_events"].primary_key == ("game_pk", "number", "index")
        assert [each.columns for each in made["games_events"].foreign_keys] == [("game_pk", "number")]

    def test_a_table_that_would_have_only_keys_is_left_out(self) -> None:
        made = tables(stub({"stats": [{"splits": [{"a": 1}, {"a": 1}]}]}, **OF_ONE))
        assert {name: each.primary_key for name, each in made.items()} == {
            "games_splits": ("game_pk", "stat_index", "split_index")
        }

    def test_objects_become_columns(self) -> None:
        (table,) = checked(
            stub({"team": {"id": 1, "venue": {"name": "x"}}, "status": {"statusCode": "F"}}, **OF_ONE)
        ).tables
        assert [*columns(table)] == ["game_pk", "team_id", "team_venue_name", "status_code"]

    def test_objects_keyed_by_id(self) -> None:
        made = tables(
            stub(
                {"players": {"ID5": {"person": {"id": 5}}, "ID6": {"person": {"id": 6}}}, "by": {"1": {"a": 2}}},
                **OF_ONE,
            )
        )
        assert made["games_players"].primary_key == ("game_pk", "person_id")
        assert made["games_by"].primary_key == ("game_pk", "by_key")

    def test_lists_of_values(self) -> None:
        made = tables(stub({"ids": [4, 5], "marks": ["x", "x"], "grid": [[1, 2], [3, 4]]}, **OF_ONE))
        keys = {name: each.primary_key for name, each in made.items()}
        assert keys["games_ids"] == ("game_pk", "id")
        assert keys["games_marks"] == ("game_pk", "mark_index")
        assert columns(made["games_marks"]) == {"game_pk": "bigint", "mark_index": "integer", "mark": "text"}
        assert keys["games_grid"][:2] == ("game_pk", "grid_index")

    def test_what_no_column_can_take_is_ignored_with_the_reason(self) -> None:
        odd = {"a": 1, "none": None, "empty": [], "mixed": [1, "x"], "link": "/x", "copyright": "c"}
        reasons = {each["path"]: each["reason"] for each in mapping(stub(odd, **OF_ONE))["ignore"]}
        assert reasons == {
            "$.copyright": "legal notice",
            "$.none": "null in every sample",
            "$.empty": "empty in every sample",
            "$.mixed[*]": "of several types in the samples: integer, string",
            "$..link": "a link of the API to itself",
        }
        checked(stub(odd, **OF_ONE))

    def test_tables_of_other_mappings_keep_their_names(self) -> None:
        made = mapping(stub(ONE, **OF_ONE), taken=("club.games", "club.games_plays", "other.games"))
        names = [each["name"] for each in made["tables"]]
        assert not {*names, made["source"]["raw_table"]} & {"club.games", "club.games_plays"}
        assert len({*names, made["source"]["raw_table"]}) == 3

    def test_a_document_that_is_all_key_has_a_table(self) -> None:
        (table,) = checked(stub([{"code": "R"}, {"code": "S"}])).tables
        assert columns(table) == {"code": "text"}

    def test_no_description_claims_anything(self) -> None:
        made = mapping(stub(ONE, **OF_ONE))
        parts = [made["source"], *made["source"]["document"].values(), *made["defaults"]["columns"], *made["tables"]]
        parts += [each for table in made["tables"] for each in table["columns"]]
        assert {each["description"] for each in some(parts)} == {"TODO"}


class TestKeys:
    @pytest.mark.parametrize(
        ("items", "key"),
        [
            ([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], ("play_id",)),
            ([{"name": "a", "playNumber": 1}, {"name": "b", "playNumber": 2}], ("play_number",)),
            ([{"otherId": 1, "playNumber": 1}, {"otherId": 2, "playNumber": 2}], ("play_number",)),
            ([{"id": 1, "type": "a"}, {"id": 1, "type": "b"}, {"id": 2, "type": "a"}], ("play_id", "type")),
            ([{"group": {"displayName": "a"}}, {"group": {"displayName": "b"}}], ("group_display_name",)),
            ([{"id": 1, "n": 1}, {"n": 2}], ("play_index",)),  # missing in one
            ([{"id": 1, "n": 1}, {"id": None, "n": 2}], ("play_index",)),
            ([{"id": "-", "n": 1}, {"id": "x", "n": 2}], ("play_index",)),  # a placeholder
            ([{"name": "a"}, {"name": "b"}], ("play_index",)),  # unique by chance
            ([{"date": "2024-07-01"}], ("play_index",)),  # of one item all is unique
            ([{"id": 1}], ("play_id",)),
            ([{"isOk": True, "ratio": 0.5}, {"isOk": False, "ratio": 1.5}], ("play_index",)),
        ],
    )
    def test_what_identifies_an_item(self, items: list[dict[str, object]], key: tuple[str, ...]) -> None:
        made = tables(stub({"note": "x", "plays": items}, **OF_ONE))
        assert made["games_plays"].primary_key == ("game_pk", *key)

    def test_uniqueness_holds_over_all_samples(self) -> None:
        first, second = {"plays": [{"id": 1}, {"id": 2}]}, {"plays": [{"id": 1}, {"id": 1}]}
        assert tables(stub(first, **OF_ONE))["games_plays"].primary_key == ("game_pk", "play_id")
        made = tables(stub(first, **OF_ONE), stub(second, **OF_ONE))
        assert made["games_plays"].primary_key == ("game_pk", "play_index")

    def test_what_is_unique_in_the_document_needs_no_key_of_the_list_around(self) -> None:
        rounds = [{"round": "1", "picks": [{"pickNumber": 1}]}, {"round": "2", "picks": [{"pickNumber": 2}]}]
        table = tables(stub({"rounds": rounds}, **OF_ONE))["games_picks"]
        assert table.primary_key == ("game_pk", "pick_number")
        assert "round" in columns(table)
        rounds[1]["picks"] = [{"pickNumber": 1}]
        table = tables(stub({"rounds": rounds}, **OF_ONE))["games_picks"]
        assert table.primary_key == ("game_pk", "round", "pick_number")

    def test_a_code_table_without_a_code_takes_what_is_unique(self) -> None:
        given = stub([{"same": "x", "parameter": name} for name in "abcde"])
        assert [*checked(given).tables[0].primary_key] == ["parameter"]
        assert (
            "# Each item of $ is a document, as no request asks for one by its key. parameter is unique in the samples"
            in suggest(METHOD, [given])
        )


class TestColumns:
    @pytest.mark.parametrize(
        ("name", "values", "type_", "convert", "null_if"),
        [
            ("runs", [3, 0], "smallint", None, ()),
            ("runs", [3277], "integer", None, ()),  # there is room for ten times as much
            ("teamId", [1], "integer", None, ()),
            ("gamePk", [1], "bigint", None, ()),
            ("size", [3_000_000_000], "bigint", None, ()),
            ("size", [2**63], "numeric", None, ()),
            ("speed", [1, 1.5], "numeric", None, ()),
            ("speed", [1, 1.0], "numeric", None, ()),
            ("isTie", [True, None], "boolean", None, ()),
            ("day", ["2024-07-01"], "date", None, ()),
            ("day", ["2024-07-01", "soon"], "text", None, ()),
            ("at", ["2024-07-01T18:00:00Z", ""], "timestamptz", None, ("",)),
            ("at", ["2024-07-01T18:00:00"], "text", None, ()),  # without its zone
            ("guid", ["0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4"], "uuid", None, ()),
            ("avg", [".267", "1.000", ".---"], "numeric", None, (".---",)),
            ("avg", [".---"], "text", None, ()),
            ("season", ["2024"], "smallint", None, ()),
            ("divisionRank", ["1", "-"], "smallint", None, ("-",)),
            ("jerseyNumber", ["12"], "text", None, ()),
            ("zone", ["01"], "text", None, ()),
            ("teamId", ["00012"], "text", None, ()),
            ("stamp", ["20240713_041909"], "timestamptz", "timecode", ()),
        ],
    )  # fmt: skip
    def test_types(
        self, name: str, values: list[Any], type_: str, convert: str | None, null_if: tuple[str, ...]
    ) -> None:
        made = column(values[0], name, *values[1:])
        assert (str(made.type), made.convert, made.null_if) == (type_, convert, null_if)

    def test_a_column_that_is_converted_is_named_for_its_unit(self) -> None:
        height, innings = column("6' 2\"", "height"), column("7.2", "inningsPitched", "0.0")
        assert [height.name, height.convert] == ["height_inches", "height_inches"]
        assert [innings.name, innings.convert] == ["innings_pitched_outs", "innings_to_outs"]

    def test_names_that_sql_or_python_reserve(self) -> None:
        (table,) = checked(
            stub({"order": 1, "end": 2, "date": "x", "captured_at": 3, "xmin": 4, "1st": 5}, **OF_ONE)
        ).tables
        assert [*columns(table)][1:] == [
            f"response_{name}" for name in ("order", "end", "date", "captured_at", "xmin", "1st")
        ]

    def test_names_that_are_equal_or_too_long(self) -> None:
        long = "veryLongMemberName" * 5
        odd = {"aB": 1, "a_b": 2, "AB": 3, "": 4, "é": 5, long: 6, "deep": {long: {"end": 7}}, "x" * 80: {"y" * 70: 8}}
        (table,) = checked(stub(odd, **OF_ONE)).tables
        assert len(columns(table)) == 9

    def test_comments_say_why(self) -> None:
        text = suggest(
            METHOD, [stub({"plays": [{"index": 0, "season": "2024"}, {"index": 1, "season": "2024"}]}, **OF_ONE)]
        )
        assert "# A response is one document, which its request identifies" in text
        assert "# index is unique in every list of the samples." in text
        assert "description: TODO}  # each value is a number as text" in text
        assert "# Only columns of keys are NOT NULL" in text


HOSTILE = {
    'a"""b\n\\{{x}}{% raw %}': {"q'\"": 1},
    "None": {"None": 1},
    "import os": {"class": 1, "_x": 3, "schema": 5},
    "model_dump": {"model_fields": "a: b", "model_config": "# no"},
    "true": "true",
    "- x": "a, b",
    "byId": {"ID1": [{"v": 1}], "ID2": []},
    "select": [{"from": [{"where": [1, 2]}]}],
    "ist'gut": ["it's"],
    "\u202e": "\x01",
}


def test_names_and_values_that_try_to_break_the_text() -> None:
    checked(stub(HOSTILE, "/game/7/it%27s%2F", in_path={"gamePk": "7", "of": "it's/"}))


def test_methods_of_the_simulator(tmp_path: Path) -> None:
    samples.write(Simulator(1, 2024), tmp_path, date(2024, 7, 1), 2)
    found = defaultdict(list)
    for each in stubs.find_stubs(tmp_path):
        found[each.name].append(each)
    assert {"game.liveGameV1", "schedule.schedule", "person.person", "team.teams", "season.seasons"} <= found.keys()
    for given in found.values():
        checked(*given)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


OWN = ROOT / "schemas" / "samples"


def test_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--root", str(project), "--stubs", str(OWN)]
    assert main(["suggest", "team", "teams", *command]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    file = project / "schemas" / "mappings" / "team" / "teams.yaml"
    file.parent.mkdir(parents=True)
    file.touch()  # as a shell does before it runs the command whose output goes there
    assert main(["suggest", "team", "teams", *command]) == 0
    assert capsys.readouterr() == shown
    file.write_text(shown.out)
    assert main(["infer", *command]) == 0
    assert main(["check", *command]) == 0
    capsys.readouterr()
    assert main(["suggest", "team", "teams", *command]) == 0
    assert capsys.readouterr() == (
        shown.out,
        "team.teams belongs to schemas/mappings/team/teams.yaml already, so this can only replace it\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["team", "teems"], 1, f'no sample of team.teems in {OWN}: did you mean "team.teams"?'),
        (["x", "y"], 1, f"no sample of x.y in {OWN}: there are samples of game.getWinProbability, "),
        (["Team", "teams"], 2, "'Team' is not a name that the API gives"),
    ],
)
def test_what_the_command_refuses(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert main(["suggest", *arguments, "--root", str(project), "--stubs", str(OWN)]) == code
    assert said in capsys.readouterr().err


def test_without_samples(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLB_STUBS", raising=False)
    assert main(["suggest", "team", "teams", "--root", str(project)]) == 2
    assert "samples are needed: --stubs DIR" in capsys.readouterr().err
