"""Patches lead from what a client has to what is."""

import copy
import json
from typing import Any

import pytest

from mlb_sim import Simulator
from mlb_sim.patch import diff
from mlb_sim.times import HOUR, MINUTE, SECOND, from_timecode


def apply(document: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902, as far as the API uses it."""
    document = json.loads(json.dumps(document))  # where one object stands in two places they become two
    for operation in operations:
        verb, path = operation["op"], operation["path"]
        match verb:
            case "add":
                put(document, path, copy.deepcopy(operation["value"]))
            case "replace":
                take(document, path)
                put(document, path, copy.deepcopy(operation["value"]))
            case "remove":
                take(document, path)
            case "copy":
                put(document, path, copy.deepcopy(get(document, operation["from"])))
            case "move":
                put(document, path, take(document, operation["from"]))
            case _:
                raise AssertionError(verb)
    return document


def steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def get(document: Any, path: str) -> Any:
    for step in steps(path):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def put(document: Any, path: str, value: Any) -> None:
    parent, _, _ = path.rpartition("/")
    holder, last = get(document, parent), steps(path)[-1]
    if isinstance(holder, list):
        assert int(last) <= len(holder)
        holder.insert(int(last), value)
    else:
        holder[last] = value


def take(document: Any, path: str) -> Any:
    parent, _, _ = path.rpartition("/")
    holder, last = get(document, parent), steps(path)[-1]
    return holder.pop(int(last)) if isinstance(holder, list) else holder.pop(last)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(2, 2024)


def test_patches_applied_to_the_older_document_give_the_newer(simulator: Simulator) -> None:
    game = simulator.calendar.fixtures[12]
    timeline = simulator.timeline(game)
    begin = timeline.first_pitch + 85 * MINUTE
    held = simulator.feed(game, begin)
    verbs: set[str] = set()
    wholes = 0
    for at in [*range(begin, begin + 45 * MINUTE, 35 * SECOND), timeline.final + HOUR]:
        answer = simulator.patches(game, next_start(held), at)
        if isinstance(answer, dict):
            wholes += 1
            held = answer
        else:
            operations = [operation for each in answer for operation in each["diff"]]
            verbs |= {operation["op"] for operation in operations}
            held = apply(held, operations)
        assert held == simulator.feed(game, at)
    assert verbs == {"add", "remove", "replace", "copy", "move"}
    assert 1 <= wholes < 60


def next_start(held: dict[str, Any]) -> int:
    return from_timecode(held["metaData"]["timeStamp"])


def test_nothing_new_is_an_empty_list(simulator: Simulator) -> None:
    game = simulator.calendar.fixtures[12]
    timeline = simulator.timeline(game)
    at = timeline.final + HOUR
    assert simulator.patches(game, next_start(simulator.feed(game, at)), at) == []
    assert simulator.patches(game, at + HOUR, at) == []


def test_a_long_gap_is_answered_with_the_whole_document(simulator: Simulator) -> None:
    game = simulator.calendar.fixtures[12]
    timeline = simulator.timeline(game)
    answer = simulator.patches(game, timeline.first_pitch, timeline.first_pitch + HOUR)
    assert isinstance(answer, dict)
    assert answer == simulator.feed(game, timeline.first_pitch + HOUR)


def test_equal_documents_have_no_difference(simulator: Simulator) -> None:
    game = simulator.calendar.fixtures[3]
    feed = simulator.feed(game, game.played.start + HOUR)
    assert diff(feed, copy.deepcopy(feed)) == []
