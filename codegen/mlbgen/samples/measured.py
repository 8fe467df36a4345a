"""How many rows the documents of samples give, table by table."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mlbgen import ir
from mlbgen.samples import interpret, sample, whole
from mlbgen.samples.stubs import Stub

Counts = Mapping[str, tuple[int, ...]]  # by qualified name of a table: its rows in each document


def measure(methods: Iterable[ir.Method], samples: Iterable[Stub]) -> Counts:
    """Count the rows in each whole document of the samples. Methods are as `split_by_hydration` gives them."""
    known = list(methods)
    counts: dict[str, list[int]] = defaultdict(list)
    for given in samples:
        for method in known:
            if whole.is_of(method, given):
                stub = whole.completed(method, given)
                if whole.why_partial(method, stub) or whole.why_refused(method, stub):
                    continue
                for document in whole.documents(method, stub):
                    for table in method.tables:
                        counts[table.qualified_name].append(_rows(table, document))
    return {name: tuple(found) for name, found in counts.items()}


def _rows(table: ir.Table, document: Stub) -> int:
    """How many rows the document gives, without reading more than the keys, and these only where they may repeat."""
    if not whole.is_about(table.only_for, document):
        return 0
    if table.duplicates == "error":
        return sum(1 for origin in table.origins for _ in interpret.scopes(_bare(origin), document.document))
    keys = tuple(
        replace(origin, columns=tuple(each for each in origin.columns if each.name in table.primary_key))
        for origin in table.origins
    )
    bare = replace(table, columns=keys[0].columns, other_origins=keys[1:])
    return len(sample.sample_rows(bare, document))


def _bare(origin: ir.Origin) -> ir.Origin:
    return replace(origin, columns=(), lookups=())
