"""From a project's inputs, which `read` loads, to the texts of all generated files, as a pure function."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from mlb_contracts.migrations import SCHEMA, SCRIPT, SUMS
from mlbgen import ir, layout, lower, views
from mlbgen.dictionary import as_json, build, diagrams, pages
from mlbgen.dictionary.facts import Dictionary
from mlbgen.language import source, spec
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.language.errors import MlbgenError, unusable_files
from mlbgen.lower import grammar
from mlbgen.postgres import migrations, released
from mlbgen.postgres.released import Released
from mlbgen.postgres.view import View
from mlbgen.project import schema
from mlbgen.project.formatting import formatted
from mlbgen.python import api, document, facts, known, method, package, sums, table, tree
from mlbgen.samples import infer, measured, shape_file, stubs
from mlbgen.samples.shape import Shape


@dataclass(frozen=True, slots=True)
class Input:
    """One lowered mapping, and the shape that its paths refer to."""

    method: ir.Method
    shape: Shape


def mappings(root: Path, *, required: bool = True) -> list[Path]:
    """The project's mapping files, sorted by path. Raises MlbgenError if there are none and they are `required`."""
    found = sorted((root / layout.MAPPINGS).rglob("*.yaml"))
    if not found and required:
        raise MlbgenError(f"{root / layout.MAPPINGS}: no mappings here (files *.yaml)")
    return found


def method_names(root: Path, files: Iterable[Path]) -> dict[str, str]:
    """What the API calls each form, with the method that it is of, such as `game.liveGameV1`. Raises MappingErrors."""
    found: dict[str, str] = {}
    for file in files:
        own, *others = lower.api_names(grammar.validate(source.load(file, root=root)))
        found |= dict.fromkeys((own, *others), own)
    return found


def read_project(root: Path) -> tuple[Input, ...]:
    """All mappings of the project, each `refers_to` checked against the tables of all. Raises MappingErrors."""
    inputs = read(root, mappings(root))
    if wrong := lower.check_relations([each.method for each in inputs]):
        raise MappingErrors(source.with_lines(wrong, root=root))
    return inputs


def read_views(root: Path, inputs: Sequence[Input]) -> tuple[View, ...]:
    """All views of the project, checked against the tables of all mappings. Raises MappingErrors."""
    files = sorted((root / layout.VIEWS).rglob("*.sql"))
    return views.load_views(files, migrations.relations([each.method for each in inputs]), root=root)


def read_counts(root: Path, inputs: Sequence[Input]) -> measured.Counts:
    """The rows that the project's own samples give, for its dictionary. Raises MlbgenError for a broken sample."""
    folders = layout.samples(root)
    parts = [part for each in inputs for part in lower.split_by_hydration(each.method)]
    return measured.measure(parts, stubs.find_stubs(*folders)) if folders else {}


def read(root: Path, files: Iterable[Path]) -> tuple[Input, ...]:
    """The mappings in these files. Raises MappingErrors with the mistakes of all of them."""
    texts: list[tuple[source.MappingSource, spec.Mapping]] = []
    inputs: list[Input] = []
    wrong: list[Diagnostic] = []
    for file in files:
        try:
            text = source.load(file, root=root)
            texts.append((text, grammar.validate(text)))
        except MappingErrors as errors:
            wrong += errors.diagnostics
    tables = {text.file: lower.table_names(mapping) for text, mapping in texts}
    for text, mapping in texts:
        others = {name: file for file, names in tables.items() if file != text.file for name in names}
        try:
            inputs.append(_read(root, text, mapping, others))
        except MappingErrors as errors:
            wrong += errors.diagnostics
    wrong += _named_twice(texts)
    if wrong:
        raise MappingErrors(wrong)
    return tuple(inputs)


def _named_twice(texts: Iterable[tuple[source.MappingSource, spec.Mapping]]) -> Iterator[Diagnostic]:
    """Methods that belong to two mappings, and what would be generated into one folder."""
    known: dict[str, str] = {}
    for text, mapping in texts:
        names = (*lower.api_names(mapping), *lower.package_names(mapping))
        for name in names:
            if name in known:
                message = f"{name} belongs to {known[name]} already"
                help_ = "write the tables of its documents into that mapping"
                yield text.diagnostic(text.position(("source", "method")), "MG023", message, help_)
        known |= dict.fromkeys(names, text.file)


def _read(root: Path, text: source.MappingSource, mapping: spec.Mapping, others: Mapping[str, str]) -> Input:
    name = lower.api_names(mapping)[0]
    shape_path = root / infer.path(name)
    if not shape_path.exists():
        raise MlbgenError(f"{shape_path}: the shape of {name} is missing: run mlbgen infer with samples of it")
    shape = shape_file.load_shape(shape_path)
    return Input(lower.lower(text, shape, others), shape)


def with_shapes_of(inputs: Iterable[Input], directories: Sequence[Path]) -> tuple[Input, ...]:
    """The inputs with shapes inferred from the samples below the directories; methods without samples are left out.

    Raises MlbgenError for a broken stub.
    """
    known = {each.method.name: each for each in inputs}
    aliases = {alias: name for name, each in known.items() for alias in each.method.aliases}
    shapes = infer.of_samples(directories, known, aliases)
    return tuple(replace(known[name], shape=shape) for name, shape in shapes.items())


def read_released(root: Path) -> Released | None:
    """The project's released migrations, or None if there are none.

    Raises MlbgenError if a file differs from its released form, or can't be read.
    """
    names = (SUMS, SCHEMA)
    folder = layout.migrations(layout.package(root))
    found = [each for each in (root / folder).glob("*") if each.name in names or SCRIPT.fullmatch(each.name)]
    with unusable_files():
        # A file that is not UTF-8 was changed too.
        texts = {each.name: each.read_bytes().decode(errors="replace") for each in found}
    return released.load_released(texts, folder)


def files(
    inputs: Sequence[Input],
    before: Released | None = None,
    into: str = layout.PACKAGE,
    of_views: Sequence[View] = (),
    counts: measured.Counts = MappingProxyType({}),
) -> dict[str, str]:
    """The text of every generated file, by its path in the project; released migrations stay as they are.

    `into` is the name of the package; only its folder has that name, no text contains it. `of_views` are the project's
    views, for the first migrations and the dictionary, which also tells the rows in `counts`.
    """
    methods = [each.method for each in inputs]
    modules = _extractors(inputs)
    for each in inputs:
        modules |= api.model_files(each.method.endpoint, each.method.method, each.shape)
    kept = {} if before is None else {f"{layout.MIGRATIONS}/{name}": text for name, text in before.texts.items()}
    texts = formatted(modules) | (kept or migrations.first_files(methods, of_views)) | {"py.typed": package.TYPED}
    facts = dictionary(inputs, of_views, counts)
    return {
        **{f"{layout.generated(into)}/{path}": text for path, text in sorted(texts.items())},
        layout.MAPPING_SCHEMA: schema.text(),
        layout.DICTIONARY_SCHEMA: as_json.schema(),
        **{
            f"{layout.DICTIONARY}/{name}": text
            for name, text in (pages.pages(facts) | diagrams.diagrams(facts)).items()
        },
    }


def dictionary(inputs: Sequence[Input], of_views: Sequence[View], counts: measured.Counts) -> Dictionary:
    """The dictionary of these mappings and views."""
    return build.dictionary([(each.method, each.shape) for each in inputs], of_views, counts)


def extractors(inputs: Sequence[Input]) -> dict[str, str]:
    """The text of every module that is needed to extract rows, by path in the package."""
    return formatted(_extractors(inputs))


def _extractors(inputs: Sequence[Input]) -> dict[str, str]:
    """The same, unformatted."""
    methods = [part for each in inputs for part in lower.split_by_hydration(each.method)]
    modules = package.init_files(methods)
    for each in inputs:
        modules |= _modules(each)
    return modules


def _modules(given: Input) -> dict[str, str]:
    """The modules of one mapping, but for models of its responses, by path in the package, unformatted."""
    modules: dict[str, str] = {}
    for mapped in lower.split_by_hydration(given.method):
        folder = package.method_folder(mapped)
        read_of_it = tree.tree(mapped, given.shape)
        modules[f"{folder}/document.py"] = document.render_document(mapped, read_of_it)
        if mapped.hydration is None:
            modules[f"{folder}/known.py"] = known.render_known(mapped, given.shape)
        if mapped.sums is not None:
            modules[f"{folder}/sums.py"] = sums.render_sums(mapped, mapped.sums)
        modules[f"{folder}/method.py"] = method.render_method(mapped, read_of_it)
        for name, each in zip(facts.modules(mapped), mapped.tables, strict=True):
            modules[f"{folder}/{name}.py"] = table.render_table(mapped, each, read_of_it)
    return modules
