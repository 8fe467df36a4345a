"""known.py of a method: the shape of its responses in samples, with which the runtime compares each capture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Step
from mlb_contracts.known import ANYWHERE, KnownPlace, dump_known
from mlbgen import ir
from mlbgen.language.ignores import Anywhere, Below
from mlbgen.language.paths import Each
from mlbgen.python.code import Code, block, python_header, quoted
from mlbgen.rendering import render
from mlbgen.samples.shape import Shape

_ENOUGH = 10  # occurrences of an object


@dataclass(frozen=True, slots=True)
class _Context:
    header: Code
    docstring: Code
    text: Code
    ignored: tuple[Code, ...]


def render_known(method: ir.Method, shape: Shape) -> str:
    """The module's text."""
    return render(
        "known.py.jinja",
        _Context(
            header=python_header(method.mapping_file),
            docstring=Code(f'"""What samples of {method.name} had; other responses are reported as drift."""'),
            text=_lines(dump_known(_known(shape))),
            ignored=tuple(map(quoted, _ignored(method))),
        ),
    )


def _lines(text: str) -> Code:
    """The text as one literal, or as one for each line if names in it need escapes."""
    if "\\" not in text:
        return block(text)
    return Code("\n".join(repr(f"{line}\n") for line in text.splitlines()))


def _known(shape: Shape, *, in_all: bool = True) -> KnownPlace:
    """The place, without counts; `in_all`: every sample has it.

    A member is expected if each occurrence of its object had it, and those were enough: it is in every sample, or
    occurred often. Of what was seen once or twice no one knows what is always there.
    """
    expected = {
        name
        for name, member in shape.members.items()
        if member.seen == shape.seen and (in_all or shape.seen >= _ENOUGH)
    }
    return KnownPlace(
        frozenset(shape.types),
        {name: _known(member, in_all=in_all and name in expected) for name, member in shape.members.items()},
        frozenset(shape.members.keys() - expected),
        None if shape.items is None else _known(shape.items, in_all=False),
    )


def _ignored(method: ir.Method) -> Iterator[str]:
    for each in method.ignored:
        match each.extent:
            case Below(path):
                yield jsonpath.below("$", map(_step, path.segments))
            case Anywhere(name):
                yield ANYWHERE + jsonpath.step_text(name)
            case _:
                assert_never(each.extent)


def _step(segment: str | Each) -> str | Step | jsonpath.Names:
    if isinstance(segment, str):
        return segment
    return jsonpath.Names(segment.names) if segment.names else Step.ITEM
