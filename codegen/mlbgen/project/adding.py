"""Adds a method to a project, from samples: keeps them, infers the shape, and suggests a mapping."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlbgen import layout
from mlbgen.language.errors import MlbgenError, unusable_files
from mlbgen.language.names import snake
from mlbgen.project import output, suggesting
from mlbgen.project.starting import SAMPLES
from mlbgen.samples import infer, shape_file, stubs
from mlbgen.samples.stubs import Stub
from mlbgen.suggest import suggest

_SUFFIXES = (".json", ".json.gz")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample with the file that it was in, and where the project is to keep it."""

    file: Path
    stub: Stub
    place: Path


def add(root: Path, endpoint: str, method: str, given: Sequence[Path]) -> list[str]:
    """Write the samples under the method's name, the shape and the mapping, and return their paths in the project.

    Nothing is written if the mapping can't be suggested. Raises MlbgenError, also if the method has a mapping.
    """
    name = f"{endpoint}.{method}"
    mapping = f"{layout.MAPPINGS}/{snake(endpoint)}/{snake(method)}.yaml"
    if (file := suggesting.mapped_in(root, name)) is not None or (root / mapping).exists():
        raise MlbgenError(f"{name} has a mapping: {file or mapping}; `mlbgen suggest` prints another one")
    added = [_sample(root, endpoint, method, each) for each in _files(given)]
    known = [each for each in _known(root, name) if Path(each.file) not in {sample.place for sample in added}]
    samples = [*known, *(replace(each.stub, name=name, file=str(each.place)) for each in added)]
    shape = infer.infer(samples)[name]
    texts = {
        infer.path(name): shape_file.dump_shape(shape, title=f"Responses of {name}"),
        mapping: suggest(name, samples, suggesting.tables_of_others(root, name)),
    }
    output.write(root, output.changes(root, texts))
    for each in added:
        _keep(root, each, endpoint, method)
    return [*(str(each.place.relative_to(root)) for each in added), *texts]


def _files(given: Sequence[Path]) -> list[Path]:
    """The files, and those in folders."""
    found = [
        file.absolute()
        for each in given
        for file in (sorted(each.rglob("*")) if each.is_dir() else [each])
        if not each.is_dir() or (file.is_file() and file.name.endswith(_SUFFIXES))
    ]
    if not found:
        raise MlbgenError(f"{', '.join(map(str, given))}: no samples here (files *.json or *.json.gz)")
    return found


def _sample(root: Path, endpoint: str, method: str, file: Path) -> Sample:
    return Sample(file, stubs.read_stub(file), root / SAMPLES / endpoint / method / file.name)


def _known(root: Path, name: str) -> list[Stub]:
    """The samples of the method that the project has."""
    folder = root / SAMPLES
    files = [each for each in sorted(folder.rglob("*")) if each.is_file() and each.name.endswith(_SUFFIXES)]
    return [stub for stub in map(stubs.read_stub, files) if stub.name == name]


@unusable_files()
def _keep(root: Path, sample: Sample, endpoint: str, method: str) -> None:
    """Write the sample under the method's name; one that the project had under another name moves."""
    content = sample.file.read_bytes()
    zipped = sample.file.name.endswith(".gz")
    stub = json.loads(gzip.decompress(content) if zipped else content) | {"endpoint": endpoint, "method": method}
    text = json.dumps(stub, ensure_ascii=False, indent=2).encode()
    sample.place.parent.mkdir(parents=True, exist_ok=True)
    sample.place.write_bytes(gzip.compress(text, mtime=0) if zipped else text + b"\n")
    if sample.place != sample.file and sample.file.is_relative_to((root / SAMPLES).absolute()):
        sample.file.unlink()
