"""What a document of a method is: the whole response, or each item of its list; and what identifies it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlb_contracts import jsonpath
from mlbgen.language import spec
from mlbgen.language.errors import MlbgenError
from mlbgen.language.names import snake
from mlbgen.samples.shape import Shape
from mlbgen.samples.stubs import Stub
from mlbgen.samples.values import value_at
from mlbgen.suggest import asking, column_types, keys, nesting, requests
from mlbgen.suggest.naming import Names, column_wishes, singular, stem
from mlbgen.suggest.nesting import Level, Members

TODO = "TODO"
_COPYRIGHT, _LEGAL = "copyright", "legal notice"
_BESIDE = "of the response, not of one of its documents"
_SEASON = ("season",)  # an item that has it is of that season, and its id comes again in others


@dataclass(frozen=True, slots=True)
class Documents:
    """What documents are. `root` is one, by the name `variable`; `ignored` what no column takes.

    `items` is the path of the list whose items they are. `telling` are parameters that say which are asked for.
    `taken` are the members of a document that its keys have. `has_links`: the response has links. `why` explains the
    choice.
    """

    variable: str
    root: Level
    ignored: list[spec.Ignore]
    keys: Mapping[str, spec.DocumentKey]
    rules: list[spec.Rule]
    items: str | None
    telling: Sequence[str]
    taken: frozenset[Members]
    has_links: bool
    why: str

    def are_in(self, stub: Stub) -> bool:
        """Whether the sample has documents whose keys have one value each."""
        by_parameter = [key for key in self.keys.values() if key.parameter is not None and key.type != "text"]
        return not any("," in stub.parameters[str(key.parameter)] for key in by_parameter)

    def of(self, stub: Stub) -> list[object]:
        """The documents of a sample."""
        if self.items is None:
            return [stub.document]
        return [item.value for (item,) in nesting.rows((self.root,), stub.document)]


def choose(method: str, shape: Shape, samples: Sequence[Stub]) -> Documents:
    """What documents are, by the samples. Raises MlbgenError if nothing identifies one."""
    root, ignored = nesting.document(shape)
    if root.values.pop((_COPYRIGHT,), None):
        ignored = [spec.Ignore(path=f"$.{_COPYRIGHT}", reason=_LEGAL), *ignored]
    listed = _only_list(root, shape)
    telling = requests.telling(samples)
    if listed is not None:
        found = _items(method, listed, shape, samples, telling)
        if found is not None:
            return found
    if not telling:
        raise MlbgenError(
            f"{samples[0].name}: nothing identifies a document: the requests of the samples have no parameter in "
            "common, and the response has no list whose items have a key"
        )
    return _whole(root, ignored, samples, telling)


def _only_list(root: Level, shape: Shape) -> Level | None:
    """The list of objects that is all there is in a response, but for single values beside it."""
    if len(root.inner) != 1 or any(member.types & {"object", "map"} for member in shape.members.values()):
        return None
    (listed,) = root.inner
    return listed if listed.shape.members and not listed.is_map else None


def _items(
    method: str, listed: Level, shape: Shape, samples: Sequence[Stub], telling: Sequence[str]
) -> Documents | None:
    """Each item of the list as a document, if that has a key, and requests ask for it or for everything."""
    variable = Names("variable").take(singular(listed.members[-1]) if listed.members else singular(stem(method)))
    rows = [list(nesting.rows((listed,), stub.document)) for stub in samples]
    key = keys.choose(listed, variable, rows)
    if not key.members:
        key = _asked_for(listed, rows, samples) or keys.by_chance(listed, rows)
    items = [item.value for document in rows for (item,) in document]
    members = list(key.members)
    if members and _SEASON not in members and _SEASON in listed.values and _has_all(items, _SEASON):
        members.append(_SEASON)
    names = Names("document key")
    found: dict[str, spec.DocumentKey] = {}
    for each in members:
        name = names.take(*column_wishes(variable, each))
        ways = list(asking.ways(name, each, listed, samples))
        values = {value_at(item, each) for item in items}
        path = jsonpath.below(variable, each)
        type_ = _key_type(values, each[-1], listed.values[each].type)
        found[name] = spec.DocumentKey(type=type_, path=path, asked_by=ways, description=TODO)
    asked = [name for each in found.values() for way in each.asked_by for name in way.split("..")]
    left = [name for name in telling if name not in asked]
    if not members or (left and not asked):
        return None
    by_parameter = {names.take(snake(name), f"requested_{snake(name)}"): _by_parameter(name, samples) for name in left}
    root, ignored = nesting.document(listed.shape, listed.path)
    path = jsonpath.below("$", listed.members)
    how = f"requests ask for it by {', '.join(dict.fromkeys(asked))}" if asked else "no request asks for one by its key"
    present = spec.Rule(rule="must have the list, even an empty one", path=path, present=True)
    return Documents(
        variable=variable,
        root=replace(root, members=listed.members),
        ignored=[*_around(shape, listed), *ignored],
        keys=by_parameter | found,
        rules=[present] if listed.members else [spec.Rule(rule="must be a list", path="$", type="array")],
        items=listed.path,
        telling=asked,
        taken=frozenset(members),
        has_links=nesting.has_links(shape),
        why=f"Each item of {path} is a document, as {how}. {key.why}",
    )


def _asked_for(listed: Level, rows: keys.Rows, samples: Sequence[Stub]) -> keys.Key | None:
    """The key that requests ask for, where the samples have too few items to show that it is one."""
    for members in listed.values:
        name = "_".join(map(snake, members))
        if keys.can_identify(members, rows) and any(asking.ways(name, members, listed, samples)):
            return keys.Key((members,), f"Too few items were seen to show that {name} is unique.")
    return None


def _whole(root: Level, ignored: list[spec.Ignore], samples: Sequence[Stub], telling: Sequence[str]) -> Documents:
    """The response as one document, which its request identifies."""
    names, taken = Names("document key"), set[Members]()
    found: dict[str, spec.DocumentKey] = {}
    rules = [spec.Rule(rule="must be a list", path="$", type="array")] if root.shape.items else []
    for name in telling:
        members = _repeating(name, root, samples)
        if members is None:
            found[names.take(snake(name), f"requested_{snake(name)}")] = _by_parameter(name, samples)
            continue
        taken.add(members)
        path = jsonpath.below("$", members)
        values = {value_at(stub.document, members) for stub in samples}
        type_ = _key_type(values, name, root.values[members].type)
        found[names.take(snake(name), f"requested_{snake(name)}")] = spec.DocumentKey(
            type=type_, path=path, description=TODO
        )
        rules.append(spec.Rule(rule=f"must be of the requested {name}", path=path, equals_parameter=name))
    return Documents(
        variable="$",
        root=root,
        ignored=ignored,
        keys=found,
        rules=rules,
        items=None,
        telling=telling,
        taken=frozenset(taken),
        has_links=nesting.has_links(root.shape),
        why="\n".join(_why_whole(found, samples)),
    )


def _why_whole(found: Mapping[str, spec.DocumentKey], samples: Sequence[Stub]) -> Iterator[str]:
    yield "A response is one document, which its request identifies: every request of the samples has these parameters."
    for key in found.values():
        if key.parameter is not None and any("," in stub.parameters[key.parameter] for stub in samples):
            yield f"{key.parameter} can have several values at once: it may be a key of the rows, not of the document."


def _by_parameter(name: str, samples: Sequence[Stub]) -> spec.DocumentKey:
    """The key that is a parameter of the request; several values at once are not one document."""
    values = [stub.parameters[name] for stub in samples]
    single = [value for value in values if "," not in value]
    usual = {*(single if len(single) * 2 >= len(values) else values)}
    return spec.DocumentKey(type=_key_type({*usual}, name, "string"), parameter=name, description=TODO)


def _key_type(values: set[object], name: str, json_type: str | None) -> str:
    choice = column_types.choose(values, name, json_type)
    return "text" if choice.convert or choice.null_if else choice.type


def _repeating(parameter: str, root: Level, samples: Sequence[Stub]) -> Members | None:
    """The members of the response that repeat the parameter in every sample."""
    for members in sorted(root.values, key=len):
        if asking.is_named(parameter, "_".join(map(snake, members)), members):
            values = [value_at(stub.document, members) for stub in samples]
            if all(str(value) == stub.parameters[parameter] for value, stub in zip(values, samples, strict=True)):
                return members
    return None


def _has_all(items: Sequence[object], members: Members) -> bool:
    return all(value_at(item, members) is not None for item in items)


def _around(shape: Shape, listed: Level) -> list[spec.Ignore]:
    """What the response has beside the list, and no document."""
    beside = [name for name in shape.members if (name,) != listed.members and name != nesting.LINK]
    return [
        spec.Ignore(path=jsonpath.below("$", (name,)), reason=_LEGAL if name == _COPYRIGHT else _BESIDE)
        for name in beside
    ]
