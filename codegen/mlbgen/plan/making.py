"""Makes the plan of a project: what its mappings and views change, compared with what was generated from them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mlbgen import ir
from mlbgen.language.errors import MlbgenError
from mlbgen.plan import before, extraction, schema
from mlbgen.plan.comparing import Comparison, Renamed
from mlbgen.plan.extraction import Side
from mlbgen.plan.model import Plan
from mlbgen.plan.packages import imported
from mlbgen.project import generate
from mlbgen.samples import stubs

_BEFORE, _AFTER = "mlbgen_plan_before", "mlbgen_plan_after"
_NO_ROWS = frozenset(("api.py", "known.py"))  # models of responses, and what drift is measured by
Progress = Callable[[int, int], None]


def make(root: Path, folders: Sequence[Path], *, since: str | None, examples: int, progress: Progress) -> Plan:
    """The plan, with at most so many examples of each kind.

    `progress` is called with the number of files read, and of all. Raises MappingErrors for mistakes in the mappings
    and views, and MlbgenError for what can't be read.
    """
    inputs = generate.read_project(root)
    methods = [each.method for each in inputs]
    views = generate.read_views(root, inputs)
    compared = before.on_disk(root) if since is None else before.of_revision(root, since)
    now = generate.extractors(inputs)
    found = Plan(
        since=compared.name,
        modules=tuple(sorted(_different(compared.modules, now))),
        migration=schema.migration(methods, compared.released, views),
        views=schema.changed_views(methods, compared.released, views),
    )
    with _sides(compared.modules, now) as (old, new):
        if not (old.methods or new.methods):
            return found
        comparison = Comparison(old, new, _renamed(methods), examples)
        files = stubs.find_files(*stubs.with_own(root, folders))
        comparison.read(files, root, lambda done: progress(done, len(files)))
        return replace(
            found,
            tables=comparison.tables(),
            methods=comparison.methods(),
            unreadable=comparison.unreadable(),
            captures=comparison.captures,
            unread=comparison.unread(),
        )


def _different(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """The modules that differ, but for models of responses, which fill no table."""
    for path in old.keys() | new.keys():
        if not path.endswith("/api.py") and old.get(path) != new.get(path):
            yield path


@contextmanager
def _sides(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[Side, Side]]:
    """Both packages with the methods whose extractors differ; those of the others give the same rows."""
    with imported(_BEFORE, old or {"__init__.py": "METHODS: dict[str, str] = {}\n"}), imported(_AFTER, new):
        with _as_it_is_on_disk():
            folders_before = extraction.folders(_BEFORE)
        folders = (folders_before, extraction.folders(_AFTER))
        code = [{name: _code(texts, of[name]) for name in of} for texts, of in zip((old, new), folders, strict=True)]
        changed = frozenset(name for name in code[0].keys() | code[1].keys() if code[0].get(name) != code[1].get(name))
        with _as_it_is_on_disk():
            side_before = Side(_BEFORE, changed)
        yield side_before, Side(_AFTER, changed)


@contextmanager
def _as_it_is_on_disk() -> Iterator[None]:
    """Code that someone else wrote, or merged, can fail in any way."""
    try:
        yield
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        help_ = "restore it, for example with `git restore generated`, or compare with another state by --since"
        raise MlbgenError(f"the generated code can't be imported: {what}; {help_}") from error


def _code(texts: Mapping[str, str], folder: str) -> dict[str, str]:
    """The modules of a method that decide about rows."""
    modules = ((path, *path.rpartition("/")[::2]) for path in texts)
    return {path: texts[path] for path, parent, name in modules if parent == folder and name not in _NO_ROWS}


def _renamed(methods: Sequence[ir.Method]) -> Renamed:
    return {
        f"{table.schema}.{table.name}": {
            column.name: column.renamed_from for column in table.columns if column.renamed_from is not None
        }
        for method in methods
        for table in method.tables
    }
