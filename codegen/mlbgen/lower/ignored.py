"""`ignore`: check that each ignored path exists and is not mapped completely."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from mlb_contracts import jsonpath
from mlbgen import ir
from mlbgen.language import ignores, spec
from mlbgen.language.ignores import Anywhere, Below, Extent
from mlbgen.language.paths import Each, Path, PathError
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.samples.shape import Shape
from mlbgen.samples.shape_file import leaves


def ignored(
    report: Report, place: Place, declared: Sequence[spec.Ignore], shape: Shape, mapped: Iterable[str]
) -> tuple[ir.Ignored, ...]:
    """Lower the ignored paths, and report useless ones. `mapped` holds the full paths that columns take values from."""
    taken, there = frozenset(mapped), tuple(leaves(shape))
    found: list[ir.Ignored] = []
    for number, each in enumerate(declared):
        at = place.at(number, "path")
        extent = _extent(report, at, each.path)
        if extent is None or not _is_there(report, at, extent, shape):
            continue
        covered = [leaf.path for leaf in there if ignores.covers(extent, leaf.segments)]
        if taken.issuperset(covered):
            message = "columns take everything that this path ignores"
            report.add("MG091", at, message, f"remove one of the two: {covered[0]} is mapped" if covered else "")
        found.append(ir.Ignored(extent, each.reason))
    return tuple(found)


def _extent(report: Report, place: Place, text: str) -> Extent | None:
    try:
        extent = ignores.parse(text)
    except PathError as error:
        report.add("MG030", place, f"can't parse the path: {error}", offset=error.offset)
        return None
    if extent is None:
        help_ = "for example $.page.links, or $..link for every member of that name"
        report.add("MG032", place, "only a path from $ without filters, or one name anywhere, can be ignored", help_)
    return extent


def _is_there(report: Report, place: Place, extent: Extent, shape: Shape) -> bool:
    match extent:
        case Below(path):
            return _leads_somewhere(report, place, path, shape)
        case Anywhere(name):
            known = _names(shape)
            if name not in known:
                help_ = did_you_mean(name, known, "")
                report.add("MG090", place, f'no sample response has a member "{name}" anywhere', help_)
            return name in known
        case _:
            assert_never(extent)


def _leads_somewhere(report: Report, place: Place, path: Path, shape: Shape) -> bool:
    here, shapes = "$", [shape]
    for segment, offset in zip(path.segments, path.offsets, strict=True):
        here += _step(segment)
        wrong = [each for each in _named(segment) if not any(each in shape.members for shape in shapes)]
        inner = [each for shape in shapes for each in _inner(segment, shape)]
        if wrong or not inner:
            known = {name for shape in shapes for name in shape.members}
            help_ = did_you_mean(wrong[0], known) if wrong else ""
            report.add("MG090", place, f"no sample response has {here}", help_, offset=offset)
            return False
        shapes = inner
    return True


def _step(segment: str | Each) -> str:
    if isinstance(segment, str):
        return jsonpath.step_text(segment)
    return jsonpath.step_text(jsonpath.Names(segment.names)) if segment.names else "[*]"


def _named(segment: str | Each) -> tuple[str, ...]:
    return (segment,) if isinstance(segment, str) else segment.names


def _inner(segment: str | Each, shape: Shape) -> list[Shape]:
    """What the step leads to from there: an object's members can be walked by `.*` too."""
    if names := _named(segment):
        return [shape.members[name] for name in names if name in shape.members]
    return [*shape.members.values(), *([shape.items] if shape.items else [])]


def _names(shape: Shape) -> set[str]:
    inner = [*shape.members.values(), *([shape.items] if shape.items else [])]
    return set(shape.members).union(*map(_names, inner))
