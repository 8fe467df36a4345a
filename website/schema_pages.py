"""A page of all keys of a kind of file, from its JSON Schema."""

import json
from typing import Any, TypeAlias

import marked

Schema: TypeAlias = dict[str, Any]
_NUMBERS = {"minimum": "from", "maximum": "to", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}


def page(title: str, introduction: str, schema: Schema) -> str:
    """The Markdown of the page: the keys of the file, then those of each kind of object in it."""
    parts = [marked.NOTE, f"# {title}", introduction, *_section("The file", schema)]
    for name, part in schema["$defs"].items():
        if "properties" in part:
            parts += _section(name, part)
    return "\n\n".join(parts) + "\n"


def _section(name: str, schema: Schema) -> list[str]:
    required = schema.get("required", [])
    rows = [
        (marked.code(key), _kind(value), _default(key, value, required), marked.text(value.get("description", "")))
        for key, value in schema["properties"].items()
    ]
    table = marked.table(["key", "value", "default", "meaning"], rows)
    return [f"## {name}", marked.text(schema.get("description", "")), table]


def _default(key: str, value: Schema, required: list[str]) -> str:
    if key in required:
        return "required"
    default = value.get("default")
    return "" if default in (None, [], {}, "") or isinstance(default, dict) else marked.code(json.dumps(default))


def _kind(value: Schema) -> str:
    """What a value may be, with its bounds."""
    if reference := value.get("$ref"):
        name = reference.rpartition("/")[2]
        return "anything" if name == "JsonValue" else f"[{name}](#{name.lower()})"
    if "anyOf" in value or "oneOf" in value:
        choices = [each for each in value.get("anyOf") or value["oneOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(map(_kind, choices)))
    if "const" in value or "enum" in value:
        return ", ".join(marked.code(json.dumps(each).strip('"')) for each in value.get("enum", [value.get("const")]))
    return _typed(value)


def _typed(value: Schema) -> str:
    match value.get("type"):
        case "array":
            inner = value.get("items") or (value.get("prefixItems") or [{}])[0]
            return f"list of {_kind(inner)}{_count(value, 'Items')}"
        case "object":
            patterns = list(value.get("patternProperties", {}).values())
            inner = value.get("additionalProperties") or (patterns[0] if patterns else None)
            return f"map from names to {_kind(inner)}" if isinstance(inner, dict) and inner else "map"
        case "string":
            pattern = f" like {marked.code(value['pattern'])}" if "pattern" in value else ""
            return f"text{pattern}{_count(value, 'Length')}"
        case None:
            return "anything"
        case kind:
            return " ".join([str(kind), *(f"{word} {value[key]}" for key, word in _NUMBERS.items() if key in value)])


def _count(value: Schema, of: str) -> str:
    least, most = value.get(f"min{of}"), value.get(f"max{of}")
    unit = " characters" if of == "Length" else ""
    if most is not None:
        return f", at most {most}{unit}"
    return ", not empty" if least else ""
