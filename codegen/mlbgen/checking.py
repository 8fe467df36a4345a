"""All that is wrong in a project's mappings: by themselves, against the shapes, and by samples of the responses."""

from pathlib import Path

from mlbgen import generate, sample, stubs
from mlbgen.diagnostics import Diagnostic, MappingErrors
from mlbgen.source import with_lines


def diagnostics(root: Path, stubs_dir: Path | None) -> list[Diagnostic]:
    """What is wrong, sorted by place; samples tell more only about mappings that are right by themselves."""
    try:
        inputs = generate.read(root, generate.mappings(root))
    except MappingErrors as errors:
        return list(errors.diagnostics)
    if stubs_dir is None:
        return []
    found = [each for given in inputs for each in sample.check(given.method, stubs.find(stubs_dir))]
    return sorted(with_lines(found, root=root))
