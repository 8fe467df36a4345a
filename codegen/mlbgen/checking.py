"""All that is wrong in a project's mappings: by themselves, against shapes and samples, and without a migration yet."""

from pathlib import Path

from mlbgen import generate, migrate, sample, stubs
from mlbgen.diagnostics import Diagnostic, MappingErrors
from mlbgen.source import with_lines


def diagnostics(root: Path, stubs_dir: Path | None) -> list[Diagnostic]:
    """What is wrong, sorted by place; samples tell more only about mappings that are right by themselves."""
    try:
        inputs = generate.read(root, generate.mappings(root))
    except MappingErrors as errors:
        return list(errors.diagnostics)
    found = migrate.unreleased([each.method for each in inputs], generate.read_released(root))
    if stubs_dir is not None:
        folders = stubs.with_own(root, stubs_dir)
        found += [each for given in inputs for each in sample.check(given.method, stubs.find(*folders))]
    return sorted(with_lines(found, root=root))
