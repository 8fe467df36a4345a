"""A first mapping of a method, from samples: it passes `mlbgen check`, and a person goes on from there."""

from collections.abc import Collection, Sequence

from mlbgen.language import spec
from mlbgen.language.errors import MlbgenError
from mlbgen.language.names import snake
from mlbgen.language.source import Location
from mlbgen.samples.infer import infer
from mlbgen.samples.stubs import Stub
from mlbgen.suggest import documents, naming, requests, tables, text
from mlbgen.suggest.documents import TODO, Documents
from mlbgen.suggest.naming import Names
from mlbgen.suggest.nesting import LINK
from mlbgen.suggest.tables import Suggested

_HEAD = """\
# yaml-language-server: $schema=../../mapping.schema.json
# Suggested by `mlbgen suggest` from {samples} of {name}. Samples show what is there, not what it means:
# check each choice that a comment explains, and replace each {todo}.
"""
_KEY_COLUMNS = "Only columns of keys are NOT NULL, even if every sample has a value in others."
_QUERY = "Parameters of the samples' requests. Remove those with which a response has only a part of a document."


def suggest(name: str, samples: Sequence[Stub], taken: Collection[str] = ()) -> str:
    """The YAML of a mapping of the method (`team.roster`), whose samples these are; `taken` are tables of others.

    Raises MlbgenError if no sample is a whole answer about one document, or nothing in them identifies a document.
    """
    whole = [stub for stub in samples if stub.is_answer and requests.PARTIAL not in stub.parameters]
    if not whole:
        raise MlbgenError(f"no sample of {name} is a whole answer: capture one without an error and without fields")
    endpoint, method = name.split(".")
    found = documents.choose(method, infer(whole)[name], whole)
    if not all(map(found.are_in, whole)):
        whole = [stub for stub in whole if found.are_in(stub)]
        if not whole:
            raise MlbgenError(f"no sample of {name} asks for a single document: capture one that does")
        found = documents.choose(method, infer(whole)[name], whole)
    schema = Names("schema").take(snake(endpoint))
    names = Names("table", [each.partition(".")[2] for each in taken if each.startswith(f"{schema}.")])
    stem = naming.stem(method) if found.items is None else found.variable
    made = tables.suggest(found, [value for stub in whole for value in found.of(stub)], schema, stem, names)
    raw = Names("raw table", names.taken).take(snake(method), f"{snake(method)}_responses")
    source = _source(name, f"{schema}.{raw}", found, requests.forms(whole, found.telling))
    mapping = spec.Mapping(
        version=1,
        source=source,
        defaults=spec.Defaults(columns=tables.key_columns(found)),
        tables=[each.table for each in made],
        ignore=[*found.ignored, *_links(found)],
    )
    counted = f"{len(whole)} sample{'' if len(whole) == 1 else 's'}"
    return _HEAD.format(samples=counted, name=name, todo=TODO) + text.dump(mapping, _comments(found, made))


def _source(name: str, raw: str, found: Documents, forms: Sequence[spec.Form]) -> spec.Source:
    endpoint, method = name.split(".")
    own, *others = forms
    return spec.Source(
        endpoint=endpoint,
        method=method,
        url=own.url,
        description=TODO,
        raw_table=raw,
        query=own.query,
        forms=others,
        items=None if found.items is None else {found.variable: found.items},
        document=dict(found.keys),
        accept=found.rules,
    )


def _links(found: Documents) -> list[spec.Ignore]:
    return [spec.Ignore(path=f"$..{LINK}", reason="a link of the API to itself")] if found.has_links else []


def _comments(found: Documents, made: Sequence[Suggested]) -> dict[Location, str]:
    comments: dict[Location, str] = {
        ("source", "query"): _QUERY,
        ("source", "document" if found.items is None else "items"): found.why,
        ("defaults", "columns"): _KEY_COLUMNS,
    }
    for number, each in enumerate(made):
        comments["tables", number, "primary_key"] = each.why
        for place, column in enumerate(each.table.columns):
            if column.name in each.columns:
                comments["tables", number, "columns", place] = each.columns[column.name]
    return comments
