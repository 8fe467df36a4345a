"""What a level yields: the items of a list or a map, the members of an object, or an object by itself."""

from collections.abc import Mapping

from mlb_contracts import jsonpath
from mlbgen import ir
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.lower.scope import NOTHING_SEEN, PathTarget, kind, value_type
from mlbgen.samples.shape import Shape, merged


def lower_container(report: Report, place: Place, target: PathTarget) -> tuple[ir.Container, Shape] | None:
    """The container that a level's path leads to, and the shape of its items; None, after a report, if it is none."""
    names = target.each.names if target.each else ()
    match target.reference.type:
        case "array" if target.each and not names:
            item = target.shape.items or NOTHING_SEEN
            return ir.ListOf(value_type(item)), item
        case "map" if target.each and not names:
            item = target.shape.items or NOTHING_SEEN
            return ir.MapOf(value_type(item)), item
        case "object" if target.each is None:
            return ir.Single(), target.shape
        case "object" if target.shape.members:
            return _members(report, place, target, names or tuple(target.shape.members))
    report.add("MG032", place, *_no_container(target))
    return None


def _no_container(target: PathTarget) -> tuple[str, str]:
    path, found = target.reference.path, target.reference.type
    if target.each is None:
        step = {"array": "[*]", "map": ".*"}.get(found)
        return f"{path} is {kind(found)}, not a level", f"append {step} to make one row per item" if step else ""
    if target.each.names:
        return f"{path} is {kind(found)}; only an object has members to name", ""
    return f"{path} is {kind(found)}; only a list or an object can be looped over", ""


def _members(
    report: Report, place: Place, target: PathTarget, names: tuple[str, ...]
) -> tuple[ir.MembersOf, Shape] | None:
    members, path = target.shape.members, target.reference.path
    for name in names:
        if name not in members:
            message = f"no sample response has {path}{jsonpath.step_text(name)}"
            report.add("MG031", place, message, did_you_mean(name, members), offset=target.each_offset)
            return None
    types = {name: value_type(members[name]) for name in names if members[name].types != {"null"}}
    if len(set(types.values())) > 1:
        message = f"the members of {path} are not alike: {_listed(types)}"
        report.add("MG032", place, message, _those_alike(path, types), offset=target.each_offset)
        return None
    item = merged(members[name] for name in names)
    return ir.MembersOf(value_type(item), names), item


def _listed(types: Mapping[str, ir.ValueType]) -> str:
    return ", ".join(f"{name} is {kind(each)}" for name, each in types.items())


def _those_alike(path: str, types: Mapping[str, ir.ValueType]) -> str:
    """The objects, or what most members are, named."""
    found = list(types.values())
    most = "object" if "object" in found else max(found, key=found.count)
    names = tuple(name for name, each in types.items() if each == most)
    if len(names) == 1:
        return f"the one that is {kind(most)} is a level by itself: {path}{jsonpath.step_text(names[0])}"
    return f"name those that are: {jsonpath.below(path, [jsonpath.Names(names)])}"
