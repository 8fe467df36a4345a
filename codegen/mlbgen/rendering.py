"""Rendering of the templates of generated files."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_TEMPLATES = Environment(
    loader=PackageLoader("mlbgen_templates", package_path=""),
    undefined=StrictUndefined,
    autoescape=select_autoescape(("svg.jinja",)),  # not for code and Markdown, whose literals arrive quoted
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(template: str, context: object) -> str:
    """Render the template of this file name; `it` is the context, its only variable."""
    return _TEMPLATES.get_template(template).render(it=context)
