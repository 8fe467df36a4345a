"""A first mapping for a project: from the samples of a method, and beside the mappings that there are."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlbgen import lower
from mlbgen.language import source, spec
from mlbgen.language.errors import MlbgenError
from mlbgen.lower import grammar
from mlbgen.project import generate
from mlbgen.samples import stubs
from mlbgen.suggest import suggest


def from_samples(root: Path, name: str, folders: Sequence[Path]) -> str:
    """The YAML of a mapping of the method, such as `team.roster`, from samples in the folders and in the project.

    Raises MlbgenError if no sample is of the method, or none is of use; MappingErrors for mistakes in other mappings.
    """
    names: set[str] = set()
    samples = []
    for stub in stubs.find_stubs(*stubs.with_own(root, folders)):
        names.add(stub.name)
        if stub.name == name:
            samples.append(stub)
    if not samples:
        near = difflib.get_close_matches(name, sorted(names), n=1)
        there = f'did you mean "{near[0]}"?' if near else f"there are samples of {', '.join(sorted(names))}"
        raise MlbgenError(f"no sample of {name} in {', '.join(map(str, folders))}: {there}")
    return suggest(name, samples, tables_of_others(root, name))


def mapped_in(root: Path, name: str) -> str | None:
    """The mapping that the method belongs to, or None."""
    return next((file for file, mapping in _mappings(root) if name in lower.api_names(mapping)), None)


def tables_of_others(root: Path, name: str) -> list[str]:
    """The names of the tables that mappings of other methods have."""
    others = [mapping for _, mapping in _mappings(root) if name not in lower.api_names(mapping)]
    return [table for mapping in others for table in lower.table_names(mapping)]


def _mappings(root: Path) -> Iterator[tuple[str, spec.Mapping]]:
    """The project's mappings with their files; an empty one is perhaps what a shell has opened for the suggestion."""
    for file in generate.mappings(root, required=False):
        text = source.load(file, root=root)
        if text.data is not None:
            yield text.file, grammar.validate(text)
