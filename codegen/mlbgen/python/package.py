"""The generated package's files of one method, and the package's own module, which lists the methods."""

from collections.abc import Iterable
from dataclasses import dataclass

from mlbgen import ir
from mlbgen.language import names
from mlbgen.python.code import Code, python_header, quoted
from mlbgen.rendering import render

TYPED = python_header("schemas/mappings")  # py.typed: its existence tells type checkers to read the package


@dataclass(frozen=True, slots=True)
class _Context:
    header: Code
    docstring: Code
    methods: tuple[tuple[Code, Code], ...] | None
    aliases: tuple[tuple[Code, Code], ...]


def method_folder(method: ir.Method) -> str:
    """The method's folder in the package, such as `game/live_game_v1`."""
    return names.folder(method.endpoint, method.method, method.hydration)


def init_files(methods: Iterable[ir.Method]) -> dict[str, str]:
    """The __init__ modules of the package, by path in it."""
    ordered = sorted(methods, key=method_folder)
    listed = tuple((quoted(each.name), quoted(f".{method_folder(each).replace('/', '.')}.method")) for each in ordered)
    bases = [each for each in ordered if each.hydration is None]
    aliases = tuple((quoted(alias), quoted(each.name)) for each in bases for alias in each.aliases)
    summary = "Tables of an API: the module of each method, and other names of methods in the API."
    texts = {"__init__.py": _init("schemas/mappings", summary, listed, aliases)}
    for each in ordered:
        endpoint, _, _ = method_folder(each).partition("/")
        texts[f"{endpoint}/__init__.py"] = _init("schemas/mappings", f"Methods of the endpoint {each.endpoint}.")
        texts[f"{method_folder(each)}/__init__.py"] = _init(each.mapping_file, f"The method {each.name}.")
    return texts


def _init(
    source: str,
    summary: str,
    methods: tuple[tuple[Code, Code], ...] | None = None,
    aliases: tuple[tuple[Code, Code], ...] = (),
) -> str:
    return render("package.py.jinja", _Context(python_header(source), Code(f'"""{summary}"""'), methods, aliases))
