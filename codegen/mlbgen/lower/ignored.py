"""`ignore`: each path left out on purpose is there, and not all of it is mapped."""

from collections.abc import Iterable, Sequence

from mlb_contracts import jsonpath
from mlbgen.language import ignores, paths, spec
from mlbgen.language.ignores import Ignored
from mlbgen.language.paths import Each, PathError
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.samples.shape import Shape
from mlbgen.samples.shape_file import places


def check(report: Report, place: Place, declared: Sequence[spec.Ignore], shape: Shape, mapped: Iterable[str]) -> None:
    """Report what is ignored in vain; `mapped` are the full paths that columns take their values from."""
    taken = frozenset(mapped)
    leaves = [
        (path, paths.parse(path).segments) for path, inner in places(shape) if not inner.members and inner.items is None
    ]
    for number, each in enumerate(declared):
        at = place.at(number, "path")
        ignored = _ignored(report, at, each.path)
        if ignored is None or not _is_there(report, at, ignored, shape, each.path):
            continue
        covered = [path for path, segments in leaves if ignored.covers(segments)]
        if taken.issuperset(covered):
            message = "columns take all that this leaves out"
            report.add("MG091", at, message, f"leave one of the two out: {covered[0]} is mapped" if covered else "")


def _ignored(report: Report, place: Place, text: str) -> Ignored | None:
    try:
        ignored = ignores.parse(text)
    except PathError as error:
        report.add("MG030", place, f"the path can't be read: {error}", offset=error.offset)
        return None
    filtered = any(isinstance(each, Each) and each.where is not None for each in ignored.segments)
    root = text.startswith("$") and bool(ignored.segments)
    if filtered or not root or (ignored.anywhere and len(ignored.segments) > 1):
        help_ = "such as $.liveData.leaders, or $..link for each member of that name"
        report.add("MG032", place, "a path from $ without filters can be ignored, or one name anywhere", help_)
        return None
    return ignored


def _is_there(report: Report, place: Place, ignored: Ignored, shape: Shape, text: str) -> bool:
    if ignored.anywhere:
        name, known = str(ignored.segments[0]), _names(shape)
        if name not in known:
            help_ = did_you_mean(name, known, "")
            report.add("MG090", place, f'no sample response has a member "{name}" anywhere', help_)
        return name in known
    here = "$"
    for segment, offset in zip(ignored.segments, paths.parse(text).offsets, strict=True):
        is_name = isinstance(segment, str)
        inner = shape.members.get(segment) if isinstance(segment, str) else shape.items
        here += jsonpath.text(segment) if isinstance(segment, str) else "[*]"
        if inner is None:
            help_ = did_you_mean(str(segment), shape.members) if is_name else ""
            report.add("MG090", place, f"no sample response has {here}", help_, offset=offset)
            return False
        shape = inner
    return True


def _names(shape: Shape) -> set[str]:
    inner = [*shape.members.values(), *([shape.items] if shape.items else [])]
    return set(shape.members).union(*map(_names, inner))
