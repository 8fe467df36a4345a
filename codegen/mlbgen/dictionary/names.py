"""The pages of the dictionary, all in one folder, so that links between them are short."""

import re
import unicodedata

INDEX, EVERYTHING = "README", "all-tables"
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


def slug(title: str) -> str:
    """A subject as a part of file names: `Play by play` -> `play-by-play`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUG.sub("-", plain).strip("-") or "tables"


def subject_page(subject: str) -> str:
    """The page of a subject, without its suffix."""
    return f"subject-{slug(subject)}"


def response_page(name: str) -> str:
    """The page of a method's responses, without its suffix."""
    return f"response-{name}"
