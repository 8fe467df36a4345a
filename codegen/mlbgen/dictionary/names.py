"""The pages of the dictionary, all in one folder, so that links between them are short."""

import re
import unicodedata

INDEX, EVERYTHING = "README", "all-tables"
_NOT_IN_NAMES = re.compile(r"[\W_]+")


def subject_page(subject: str) -> str:
    """The page of a subject, without its suffix: `Play by play` has `subject-play-by-play`."""
    plain = _NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", subject).casefold()).strip("-")
    return f"subject-{plain or 'tables'}"


def response_page(name: str) -> str:
    """The page of a method's responses, without its suffix."""
    return f"response-{name}"
