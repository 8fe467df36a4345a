"""Forms of a method: several URLs that return documents of one kind."""

from pathlib import Path

import pytest
from checked import check_samples
from lowering import shape

from mlbgen import ir, layout
from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.lower import api_names, grammar, lower
from mlbgen.project import generate
from mlbgen.python import package
from mlbgen.samples import infer, shape_file, whole
from mlbgen.samples.stubs import Stub

MAPPING = """\
version: 1
source:
  endpoint: league
  method: gameV1
  url: /api/v1/plays/{gamePk}
  query: [level]
  raw_table: league.game_v1
  forms:
    - {url: "/api/v1/plays", query: [gamePk, plays, level]}
    - {method: allPlays, url: "/api/v1/plays/all/{gamePk}"}
    - {method: allPlays, url: "/api/v1/{gamePk}/everything"}
  items: {play: "$.plays[*]"}
  document:
    at_bat_index: {type: integer, path: play.about.atBatIndex, asked_by: [plays]}
    game_pk: {type: bigint, parameter: gamePk}
tables:
  - name: league.plays
    description: One row for each play.
    primary_key: [at_bat_index, game_pk]
    columns:
      - {name: at_bat_index, type: integer, path: play.about.atBatIndex, nullable: false, description: The play.}
      - {name: game_pk, type: bigint, parameter: gamePk, nullable: false, description: The game.}
"""


def lowered(*edits: tuple[str, str]) -> ir.Method:
    text = MAPPING
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return lower(source.parse(text, "mapping.yaml"), shape())


def refused(*edits: tuple[str, str]) -> Diagnostic:
    """The first error; others can follow from it."""
    with pytest.raises(MappingErrors) as caught:
        lowered(*edits)
    return caught.value.diagnostics[0]


def test_forms_keep_the_order_of_the_mapping_after_that_of_the_source() -> None:
    assert lowered().forms == (
        ir.Form("gameV1", "/api/v1/plays/{gamePk}", ("level",)),
        ir.Form("gameV1", "/api/v1/plays", ("gamePk", "plays", "level")),
        ir.Form("allPlays", "/api/v1/plays/all/{gamePk}", None),
        ir.Form("allPlays", "/api/v1/{gamePk}/everything", None),
    )


def test_another_name_of_a_form_is_an_alias() -> None:
    assert lowered().aliases == ("league.allPlays",)
    assert api_names(grammar.validate(source.parse(MAPPING, "mapping.yaml"))) == ["league.gameV1", "league.allPlays"]


def test_the_package_lists_aliases() -> None:
    text = package.init_files([lowered()])["__init__.py"]
    assert "ALIASES: dict[str, str] = {\n    'league.allPlays': 'league.gameV1',\n}" in text


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (
            ("/api/v1/plays/all/{gamePk}", "/api/v1/plays/all"),
            "MG080",
            'to /api/v1/plays/all have no parameter "gamePk"',
        ),
        (("query: [gamePk, plays, level]", "query: [gamePk, level]"), "MG080", 'the request has no parameter "plays"'),
        (
            ("/api/v1/plays/all/{gamePk}", "/api/v1/plays/{gamePk}/{game-Pk}"),
            "MG080",
            "the URL must be a path",
        ),
        (("/api/v1/{gamePk}/everything", "/api/v1/plays/all/{gamePk}"), "MG023", "of allPlays"),
        (
            ("  items:", '    - {url: "/api/v1/plays", query: [level, gamePk, plays]}\n  items:'),
            "MG023",
            'already a form "/api/v1/plays" of gameV1',
        ),
        (("/all/{gamePk}", "/{gamePk}/{gamePk}"), "MG023", 'already a parameter "gamePk"'),
        (("query: [gamePk, plays, level]", "query: [gamePk, plays, gamePk]"), "MG023", 'already a parameter "gamePk"'),
        (('{method: allPlays, url: "/api/v1/plays/all', '{method: class, url: "/api/v1/plays/all'), "MG021", "package"),
        (('{method: allPlays, url: "/api/v1/plays/all', '{method: All, url: "/api/v1/plays/all'), "MG013", "form"),
    ],
)
def test_an_invalid_form_is_refused(edit: tuple[str, str], code: str, words: str) -> None:
    found = refused(edit)
    assert (found.code, words in found.message) == (code, True), found


def test_a_rule_about_a_parameter_needs_it_in_each_form() -> None:
    accept = "  accept: [{rule: level, path: $.link, equals_parameter: plays}]\ntables:"
    assert 'to /api/v1/plays/{gamePk} have no parameter "plays"' in refused(("tables:", accept)).message


def test_forms_change_the_fingerprint() -> None:
    fewer = lowered(('    - {method: allPlays, url: "/api/v1/{gamePk}/everything"}\n', ""))
    assert fewer.fingerprint != lowered().fingerprint


def stub(name: str, **parameters: str) -> Stub:
    return Stub(f"/stubs/{name}.json", f"league.{name}", {"plays": [{"about": {"atBatIndex": 1}}]}, parameters)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (stub("gameV1", gamePk="1", level="1"), None),
        (stub("gameV1", gamePk="1", half="top"), "requested with parameter half"),
        (stub("allPlays", gamePk="1", half="top"), None),
        (stub("allPlays"), "requested without parameter gamePk"),
    ],
)
def test_whether_a_sample_is_whole_depends_on_its_own_form(given: Stub, why: str | None) -> None:
    assert whole.why_partial(lowered(), given) == why


def test_of_two_forms_with_one_name_the_sample_has_the_one_whose_url_has_its_parameters() -> None:
    method = lowered(("query: [gamePk, plays, level]", "query: [gamePk, plays, half, level]"))
    assert whole.why_partial(method, stub("gameV1", gamePk="1", half="top")) == "requested with parameter half"


def test_of_forms_with_one_url_the_sample_has_the_one_that_knows_its_parameters() -> None:
    more = '    - {url: "/api/v1/plays", query: [gamePk, half]}\n  items:'
    method = lowered(("  items:", more), ("/api/v1/plays/{gamePk}", "/api/v1/each/{gamePk}/{inning}"))
    assert [form.url for form in method.forms].count("/api/v1/plays") == 2
    assert whole.why_partial(method, stub("gameV1", gamePk="1", plays="2")) is None
    assert whole.why_partial(method, stub("gameV1", gamePk="1", half="top")) is None
    assert (
        whole.why_partial(method, stub("gameV1", gamePk="1", half="top", outs="2")) == "requested with parameter outs"
    )


def test_samples_of_all_forms_are_checked() -> None:
    checked = check_samples(lowered(), [stub("gameV1", gamePk="1"), stub("allPlays", gamePk="2"), stub("others")])
    assert (checked.whole, checked.diagnostics) == (2, ())


def test_the_shape_is_inferred_from_samples_of_all_forms(tmp_path: Path) -> None:
    for name, member in (("seasons", "a"), ("allSeasons", "b")):
        text = f'{{"endpoint": "season", "method": "{name}", "response": {{"{member}": 1}}}}'
        (tmp_path / f"{name}.json").write_text(text)
    found = infer.of_samples([tmp_path], ["season.seasons"], {"season.allSeasons": "season.seasons"})
    assert {name: sorted(each.members) for name, each in found.items()} == {"season.seasons": ["a", "b"]}


def test_a_method_belongs_to_one_mapping(tmp_path: Path) -> None:
    folder = tmp_path / layout.MAPPINGS
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(MAPPING)
    (folder / "b.yaml").write_text(
        MAPPING.replace("method: gameV1", "method: allPlays")
        .replace("league.", "other.")
        .replace("allPlays, url", "a, url")
    )
    for name in ("game_v1", "all_plays"):
        file = tmp_path / "schemas" / "api" / "league" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shape_file.dump_shape(shape(), title=name))
    with pytest.raises(MappingErrors) as caught:
        generate.read(tmp_path, generate.mappings(tmp_path))
    [found] = caught.value.diagnostics
    assert (found.code, found.position.file, found.position.line) == ("MG023", f"{layout.MAPPINGS}/b.yaml", 4)
    assert found.message == f"league.allPlays belongs to {layout.MAPPINGS}/a.yaml already"
