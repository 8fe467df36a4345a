"""document.py of a method: structs for decoding a response, with only the members that something reads."""

from dataclasses import dataclass

from mlbgen import ir
from mlbgen.python.code import Code, docstring, python_header, quoted
from mlbgen.python.tree import ANSWER, ROOT, Member, Tree
from mlbgen.rendering import render


@dataclass(frozen=True, slots=True)
class _Class:
    name: Code
    options: Code
    fields: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class _Context:
    header: Code
    docstring: Code
    classes: tuple[_Class, ...]
    lists: tuple[Code, ...]
    constants: tuple[Code, ...]


def render_document(method: ir.Method, tree: Tree) -> str:
    """The module's text; its imports are pruned by the formatter."""
    name = method.name if tree.answer is None else f"{method.name}, and from each document in it"
    summary = f"The members that are read from a response of {name}."
    roots = [(ROOT, tree.root), *([] if tree.answer is None else [(ANSWER, tree.answer)])]
    return render(
        "document.py.jinja",
        _Context(
            header=python_header(method.mapping_file),
            docstring=docstring(f"{summary} Any member can be missing or null.", summary, indent=0),
            classes=tuple(
                _Class(
                    Code(each.annotation),
                    Code(', rename="camel"' if any(map(_is_camel, each.members)) else ""),
                    tuple(map(_field, each.members)),
                )
                for each in tree.structs
            ),
            lists=tuple(Code(f"{title} = {node.annotation}") for title, node in roots if node.annotation != title),
            constants=tuple(Code(f"{each.constant} = {each.annotation}()") for each in tree.lacking),
        ),
    )


def _field(member: Member) -> Code:
    annotation = f"{member.node.annotation}{' | UnsetType' if member.keeps_null else ''} | None"
    default = "UNSET" if member.keeps_null else "None"
    if member.json_name not in {member.attribute, _camel(member.attribute)}:
        default = f"field(default={default}, name={quoted(member.json_name)})"
    return Code(f"{member.attribute}: {annotation} = {default}")


def _is_camel(member: Member) -> bool:
    return member.attribute != member.json_name == _camel(member.attribute)


def _camel(attribute: str) -> str:
    """The name that `rename="camel"` gives an attribute."""
    first, *others = attribute.rstrip("_").split("_")
    return first + "".join(map(str.title, others))
