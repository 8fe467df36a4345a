"""The templates of what is generated."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_TEMPLATES = Environment(
    loader=PackageLoader("mlbgen_templates", package_path=""),
    undefined=StrictUndefined,
    autoescape=select_autoescape(),  # none for Python; every literal arrives quoted
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, context: object) -> str:
    """The template of that file name, with the context dataclass as its one variable `it`."""
    return _TEMPLATES.get_template(template).render(it=context)
