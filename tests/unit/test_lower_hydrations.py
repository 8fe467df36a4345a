"""Tables of a hydration: a method of their own, which only answers that were asked for it fill."""

from dataclasses import replace
from pathlib import Path

import pytest
from checked import check_samples

from mlbgen import ir
from mlbgen.language import names, source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.lower import lower, split_by_hydration
from mlbgen.postgres import migrations
from mlbgen.project import generate
from mlbgen.samples import stubs, whole
from mlbgen.samples.infer import infer
from mlbgen.samples.stubs import Stub

CASE = Path(__file__).parents[1] / "golden" / "cases" / "hydrations"
MAPPING = (CASE / "mapping.yaml").read_text()
(SHAPE,) = infer(stubs.find_stubs(CASE / "stubs")).values()


def lowered(*edits: tuple[str, str]) -> ir.Method:
    text = MAPPING
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return lower(source.parse(text, "mapping.yaml"), SHAPE)


def refused(*edits: tuple[str, str]) -> Diagnostic:
    with pytest.raises(MappingErrors) as caught:
        lowered(*edits)
    [found] = caught.value.diagnostics
    return found


def test_each_hydration_is_a_method_with_its_own_tables() -> None:
    base, education = split_by_hydration(lowered())
    assert (base.name, education.name) == ("league.gameV1", "league.gameV1:education")
    assert [[table.name for table in part.tables] for part in (base, education)] == [["people"], ["schools"]]
    assert (base.document, base.raw_table, base.forms) == (education.document, education.raw_table, education.forms)


def test_several_hydrations_can_fill_a_table_together() -> None:
    _, schools = split_by_hydration(lowered(("hydrate: education", "hydrate: education,draft")))
    assert schools.name == "league.gameV1:education,draft"
    assert names.folder(schools.endpoint, schools.method, schools.hydration) == "league/game_v1_draft_education"
    asked = Stub("", "league.gameV1", {"people": []}, {"personIds": "1", "hydrate": "draft,team,education(all)"})
    assert whole.why_partial(schools, asked) is None
    one = replace(asked, parameters={"personIds": "1", "hydrate": "education"})
    assert whole.why_partial(schools, one) == "requested without draft"


def test_without_hydrations_the_method_is_the_only_part() -> None:
    method = lowered(("    hydrate: education\n", ""))
    assert split_by_hydration(method) == (method,)


def test_the_json_for_an_absent_document_does_not_fill_hydrations() -> None:
    base, education = split_by_hydration(lowered())
    assert base.items is not None
    assert education.items is not None
    assert (base.items.absent, education.items.absent) == ('{"id":{person_id}}', None)


def test_each_part_is_guarded_by_its_own_tables() -> None:
    base, education = split_by_hydration(lowered())
    assert (base.shrink_guard.once, education.shrink_guard.once) == (("league.people",), ("league.schools",))


def test_a_change_of_one_part_leaves_the_other_unchanged() -> None:
    base, education = split_by_hydration(lowered())
    other_base, other = split_by_hydration(lowered(("path: school.name", "path: school.name, null_if: [none]")))
    assert base.fingerprint == other_base.fingerprint
    assert len({base.fingerprint, education.fingerprint, other.fingerprint}) == 3


def test_a_hydration_shares_the_raw_table() -> None:
    text = migrations.raw_ddl([lowered()])
    assert text.count('CREATE TABLE "league"."game_v1" (') == 1
    assert [each.name for each in migrations.relations([lowered()])][2:] == ["people", "schools"]


def test_a_hydration_has_its_own_package() -> None:
    files = generate.files([generate.Input(lowered(), SHAPE)])
    folders = {path.rpartition("/")[0].rpartition("/")[2] for path in files if path.endswith("method.py")}
    assert folders == {"game_v1", "game_v1_education"}
    assert sum(path.endswith("api.py") for path in files) == 1


def test_requests_must_be_able_to_ask_for_a_hydration() -> None:
    found = refused(("query: [personIds, hydrate]", "query: [personIds]"))
    assert (found.code, found.message) == ("MG080", 'the request has no parameter "hydrate"')


def test_only_samples_requested_with_a_hydration_check_its_tables() -> None:
    base, education = split_by_hydration(lowered())
    given = list(stubs.find_stubs(CASE / "stubs"))
    assert [each.whole for each in (check_samples(base, given), check_samples(education, given))] == [
        2,
        1,
    ]
    assert check_samples(education, given).others == {"requested without education": 1}
    none = check_samples(education, given[1:])
    assert [each.code for each in none.diagnostics] == ["MG106"]
