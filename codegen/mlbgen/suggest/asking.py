"""How requests ask for documents: the parameters that the values of a key in their responses agree with."""

from collections.abc import Iterator, Sequence
from datetime import date

from mlbgen.language.names import snake
from mlbgen.samples.stubs import Stub
from mlbgen.samples.values import value_at
from mlbgen.suggest import nesting, requests
from mlbgen.suggest.nesting import Level, Members


def ways(name: str, members: Members, listed: Level, samples: Sequence[Stub]) -> Iterator[str]:
    """The parameters by which the requests of the samples ask for documents with these keys."""
    possible = requests.about_documents(samples)
    values = {
        stub.file: {value_at(item.value, members) for (item,) in nesting.rows((listed,), stub.document)}
        for stub in samples
    }
    ranges = {name: f"end{name.removeprefix('start')}" for name in possible if name.startswith("start")}
    for parameter in possible:
        last = ranges.get(parameter, parameter)
        having = [stub for stub in samples if {parameter, last} <= stub.parameters.keys() and values[stub.file]]
        if parameter in ranges and having:
            asked = [(stub.parameters[parameter], stub.parameters[last], values[stub.file]) for stub in having]
            if all(_is_inside(value, *ends) for *ends, inside in asked for value in inside):
                yield f"{parameter}..{last}"
        elif having and is_named(parameter, name, members):
            asked_for = [(values[stub.file], stub.parameters[parameter].split(",")) for stub in having]
            if all({*map(str, inside)} <= {*texts} for inside, texts in asked_for):
                yield parameter


def is_named(parameter: str, column: str, members: Members) -> bool:
    """Whether the parameter's name says that it asks for the column: `personIds` for `person_id`, `date` for `date`."""
    word, last = snake(parameter).removesuffix("s"), snake(members[-1])
    return word == last or word.endswith(f"_{last}") or column == word or column.endswith(f"_{word}")


def _is_inside(value: object, first: str, last: str) -> bool:
    try:
        return date.fromisoformat(first) <= date.fromisoformat(str(value)) <= date.fromisoformat(last)
    except ValueError:
        return False
