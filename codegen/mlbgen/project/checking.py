"""All mistakes in a project's mappings: in themselves, against shapes and samples, and changes without a migration."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlbgen import lower
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.language.source import with_lines
from mlbgen.project import generate, migrate
from mlbgen.samples import sample, stubs


@dataclass(frozen=True, slots=True)
class Checked:
    """The mistakes, sorted by place, and what the samples of each method showed."""

    diagnostics: tuple[Diagnostic, ...]
    samples: tuple[sample.SampleReport, ...] = ()


def check(root: Path, stub_folders: Sequence[Path]) -> Checked:
    """Check all mappings; samples are read only if there are folders and the mappings are valid by themselves.

    Raises MlbgenError for a broken sample.
    """
    try:
        inputs = generate.read_project(root)
    except MappingErrors as errors:
        return Checked(errors.diagnostics)
    found: list[Diagnostic] = []
    try:
        views = generate.read_views(root, inputs)
        found += migrate.unreleased([each.method for each in inputs], generate.read_released(root), views)
    except MappingErrors as errors:
        found += errors.diagnostics
    checked: tuple[sample.SampleReport, ...] = ()
    if stub_folders:
        folders = stubs.with_own(root, stub_folders)
        parts = [part for given in inputs for part in lower.split_by_hydration(given.method)]
        checked = sample.check_samples(parts, stubs.find_stubs(*folders))
        found += [each for of_method in checked for each in of_method.diagnostics]
    return Checked(tuple(sorted(with_lines(found, root=root))), checked)
