"""The difference between two documents, as operations of RFC 6902."""

from collections.abc import Iterator
from typing import Any

Operation = dict[str, Any]


def diff(old: dict[str, Any], new: dict[str, Any]) -> list[Operation]:
    """The operations that turn one document into the other; none if they are equal.

    Like the API, it uses `move` for a pitcher who leaves the bullpen, and `copy` for numbers that occur elsewhere in
    the document.
    """
    moves, moved = _moves(old, new)
    return [*moves, *_object("", moved, new, old)]


def _moves(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[Operation], dict[str, Any]]:
    """The moves of pitchers who entered, and the old document after them."""
    moves: list[Operation] = []
    teams = dict(old["liveData"]["boxscore"]["teams"])
    for side, team in teams.items():
        wanted = new["liveData"]["boxscore"]["teams"][side]["pitchers"]
        pitchers, bullpen = list(team["pitchers"]), list(team["bullpen"])
        for player in wanted[len(pitchers) :]:
            if player in bullpen and pitchers:
                path = f"/liveData/boxscore/teams/{side}"
                source = f"{path}/bullpen/{bullpen.index(player)}"
                moves.append({"op": "move", "from": source, "path": f"{path}/pitchers/{len(pitchers)}"})
                bullpen.remove(player)
                pitchers.append(player)
        teams[side] = {**team, "pitchers": pitchers, "bullpen": bullpen}
    if not moves:
        return [], old
    box = {**old["liveData"]["boxscore"], "teams": teams}
    return moves, {**old, "liveData": {**old["liveData"], "boxscore": box}}


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _value(path: str, old: Any, new: Any, root: dict[str, Any]) -> Iterator[Operation]:
    if old is new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _object(path, old, new, root)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list(path, old, new, root)
    elif type(old) is not type(new) or old != new:
        yield {"op": "replace", "path": path, "value": new}


def _object(path: str, old: dict[str, Any], new: dict[str, Any], root: dict[str, Any]) -> Iterator[Operation]:
    for key, value in old.items():
        if key not in new:
            yield {"op": "remove", "path": f"{path}/{_escaped(key)}"}
        else:
            yield from _value(f"{path}/{_escaped(key)}", value, new[key], root)
    for key, value in new.items():
        if key not in old:
            yield {"op": "add", "path": f"{path}/{_escaped(key)}", "value": value}


def _list(path: str, old: list[Any], new: list[Any], root: dict[str, Any]) -> Iterator[Operation]:
    for index in range(min(len(old), len(new))):
        yield from _value(f"{path}/{index}", old[index], new[index], root)
    for _ in range(len(new), len(old)):
        yield {"op": "remove", "path": f"{path}/{len(new)}"}
    for index in range(len(old), len(new)):
        yield _added(f"{path}/{index}", new[index], root)


def _added(path: str, value: Any, root: dict[str, Any]) -> Operation:
    """An added item; a small number is copied from the play with that number, as its index never changes."""
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and 0 <= value < len(root["liveData"]["plays"]["allPlays"])
    ):
        return {"op": "copy", "from": f"/liveData/plays/allPlays/{value}/atBatIndex", "path": path}
    return {"op": "add", "path": path, "value": value}
