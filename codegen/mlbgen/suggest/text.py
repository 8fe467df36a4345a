"""A mapping as YAML: as people write it, with the comments of whoever suggests it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from mlbgen.language import source, spec
from mlbgen.language.source import Location

_WIDTH = 150  # characters of a line with short values
_PLAIN = re.compile(r"[A-Za-z$/][\w$./ ()-]*(?<! )")  # needs no quotes, even between braces
_WORDS = frozenset({"true", "false", "null"})


def dump(mapping: spec.Mapping, comments: Mapping[Location, str]) -> str:
    """The mapping's YAML without defaults; comments stand above the value at their place, or beside a list's item."""
    data = mapping.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    lines = [line for name, value in data.items() for line in ("", *_member(name, value, (name,), comments))]
    text = "\n".join(lines[1:]) + "\n"
    if source.parse(text, "suggestion").data != data:
        raise AssertionError("the text does not mean what it was made from")
    return text


def _member(name: str, value: Any, at: Location, comments: Mapping[Location, str], indent: str = "") -> list[str]:
    """A key and its value, the latter on the same line if it is short."""
    above = [f"{indent}# {line}" for line in comments.get(at, "").splitlines()]
    flow = f"{indent}{name}: {_flow(value)}"
    if not isinstance(value, dict | list) or _is_short(flow, value, at, comments):
        return [*above, flow]
    return [*above, f"{indent}{name}:", *_block(value, at, comments, f"{indent}  ")]


def _block(value: Any, at: Location, comments: Mapping[Location, str], indent: str) -> list[str]:
    if isinstance(value, dict):
        return [line for name in value for line in _member(name, value[name], (*at, name), comments, indent)]
    lines = []
    for number, item in enumerate(value):
        inner = (*at, number)
        if isinstance(item, dict) and any(
            isinstance(each, list) and each and isinstance(each[0], dict) for each in item.values()
        ):
            first, *others = [
                line for name in item for line in _member(name, item[name], (*inner, name), comments, f"{indent}  ")
            ]
            lines += [*([""] if number else []), f"{indent}- {first.strip()}", *others]
        else:
            beside = f"  # {comments[inner]}" if inner in comments else ""
            lines.append(f"{indent}- {_flow(item)}{beside}")
    return lines


def _is_short(flow: str, value: Any, at: Location, comments: Mapping[Location, str]) -> bool:
    """Whether the value fits on its line: it holds no list of objects, and no comment belongs in it."""
    commented = any(each[: len(at)] == at != each for each in comments)
    return len(at) > 1 and len(flow) <= _WIDTH and not commented and not _has_objects(value)


def _has_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda each: each[0] == "description")
        return f"{{{', '.join(f'{name}: {_flow(each)}' for name, each in ordered)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
