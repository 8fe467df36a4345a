"""The models of whole responses: they take each sample, and a dump gives it back."""

import importlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from checks import some
from pydantic import BaseModel, ValidationError

from mlb_contracts.model import ApiModel
from mlb_tables.game.live_game_v1 import api as live_game
from mlb_tables.schedule.schedule import api as schedule
from mlbgen.python import api
from mlbgen.samples import infer, stubs
from mlbgen.samples.stubs import Stub

ODD = {
    'a"""b\n\\{{x}}{% raw %}': {"q'\"": 1},
    "": {"x": None},
    "None": {"None": 1},
    "import os": {"class": 1, "copy": 2, "_x": 3, "1st": 4, "schema": 5, "json": 6, "aB": 7, "a_b": 8, "AB": 9},
    "model_dump": {"model_fields": 1, "model_config": 2, "__init__": 3},
    "aBC": {"d": 1},
    "aB": {"cD": {"e": 1}, "c": {"d": {"f": 1}}},
    "field": {"any": {"response": {"basemodel": []}}},
    "mixed": [1, 1.0, 2.5, "x", {"k": None}, [True, None]],
    "empty": {},
    "byId": {"ID1": [{"v": 1}], "ID2": []},
    "teams": {"home": {"runs": 1, "only": {"a": 1}}, "away": {"runs": 2.5, "only": {"b": "x"}}},
    "list": {"dict": {"str": 1}},
    "int": 1,
    "dict": {"ID1": 2},
}


ROOT = Path(__file__).parents[2]
Import = Callable[[dict[str, str]], ModuleType]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Import]:
    """Imports a generated module; a warning is an error."""
    folder = tmp_path_factory.mktemp("generated")
    names: list[str] = []

    def load(files: dict[str, str]) -> ModuleType:
        (text,) = files.values()
        name = f"generated_api_{len(names)}"
        names.append(name)
        (folder / f"{name}.py").write_text(text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return importlib.import_module(name)

    sys.path.insert(0, str(folder))
    yield load
    sys.path.remove(str(folder))
    for name in names:
        sys.modules.pop(name, None)


def generate(method: str, *samples: object) -> dict[str, str]:
    """The generated module for those samples."""
    name = f"game.{method}"
    return api.model_files("game", method, infer.infer(Stub("test.json", name, sample) for sample in samples)[name])


def dump(model: BaseModel) -> Any:
    return model.model_dump(by_alias=True, exclude_unset=True)


def differences(left: object, right: object, path: str = "$") -> Iterator[str]:
    """Where two JSON values are not the same, types of numbers included."""
    if type(left) is not type(right):
        yield f"{path}: {type(left).__name__} and {type(right).__name__}"
    elif isinstance(left, dict) and isinstance(right, dict):
        yield from (f"{path}.{name}: on one side only" for name in left.keys() ^ right.keys())
        for name in left.keys() & right.keys():
            yield from differences(left[name], right[name], f"{path}.{name}")
    elif isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            yield f"{path}: {len(left)} and {len(right)} items"
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from differences(one, other, f"{path}[{index}]")
    elif left != right:
        yield path


def test_each_live_feed_comes_back_the_same(stubs_dir: Path) -> None:
    feeds = list(stubs.find_stubs(stubs_dir / "game" / "liveGameV1"))
    assert len(feeds) >= 24
    for feed in feeds:
        model = live_game.LiveGameV1.model_validate_json(msgspec.json.encode(feed.document))
        assert list(differences(feed.document, dump(model))) == [], feed.file
        assert model.model_extra == {}


def test_each_schedule_comes_back_the_same(stubs_dir: Path) -> None:
    captured, own = (
        [each for each in stubs.find_stubs(folder) if each.name == "schedule.schedule"]
        for folder in (stubs_dir, ROOT / "schemas" / "samples")
    )
    for each in (*some(captured), *some(own)):
        model = schedule.Schedule.model_validate_json(msgspec.json.encode(each.document))
        assert list(differences(each.document, dump(model))) == [], each.file


def test_names_of_classes_follow_the_path_and_both_sides_share_one() -> None:
    assert live_game.LiveGameV1.__doc__ == "A response of game.liveGameV1."
    assert live_game.LiveDataPlaysAllPlaysResult.__doc__ == "$.liveData.plays.allPlays[*].result"
    teams = live_game.LiveDataBoxscoreTeams.model_fields
    assert teams["home"].annotation == teams["away"].annotation == live_game.LiveDataBoxscoreTeamsSide | None


def test_odd_names_and_shapes_come_back_the_same(imported: Import) -> None:
    made = imported(generate("oddNames", ODD))
    assert list(differences(ODD, dump(made.OddNames.model_validate(ODD)))) == []
    assert list(differences(ODD, dump(made.OddNames.model_validate_json(json.dumps(ODD))))) == []


@pytest.mark.parametrize("root", [[1, 2.5], [{"a": 1}], [], {}, {"ID1": {"a": 1}}, "x"])
def test_any_root_comes_back_the_same(imported: Import, root: object) -> None:
    made = imported(generate("anyRoot", root))
    assert dump(made.AnyRoot.model_validate(root)) == root


def test_what_no_sample_had_is_kept(imported: Import) -> None:
    made = imported(generate("grown", {"a": {"b": 1}, "list": [{"c": 1}]}))
    grown = {"a": {"b": None, "new": {"x": 1.0}}, "list": [{}, {"d": []}], "more": "text"}
    assert list(differences(grown, dump(made.Grown.model_validate(grown)))) == []


@pytest.mark.parametrize("value", ["1", 1.0, True, [1]])
def test_another_type_is_refused_not_converted(imported: Import, value: object) -> None:
    made = imported(generate("typed", {"a": {"n": 1}}))
    with pytest.raises(ValidationError, match=r"a\.n"):
        made.Typed.model_validate({"a": {"n": value}})


def test_one_base_keeps_what_is_unknown() -> None:
    classes = [each for each in vars(live_game).values() if isinstance(each, type) and issubclass(each, ApiModel)]
    assert len(classes) > 200
    assert all(each.model_config == ApiModel.model_config for each in classes)


def test_generation_is_deterministic_and_named_by_path() -> None:
    first = generate("oddNames", ODD)
    assert generate("oddNames", ODD) == first
    ((path, text),) = first.items()
    assert path == "game/odd_names/api.py"
    assert text.splitlines()[:2] == [
        "# Code generated by mlbgen from schemas/api/game/odd_names.json. DO NOT EDIT.",
        "# Regenerate: just generate",
    ]
