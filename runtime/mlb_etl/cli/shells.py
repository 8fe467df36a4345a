"""How shells ask for completions: click's ways for bash, zsh and fish, made quiet, and names with a colon in bash."""

import os
from typing import Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

_SPLIT = (":", "=")
VARIABLE = "_MLB_ETL_COMPLETE"
# What click's function for bash does with a value, and what ours does with one that goes on.
_PLAIN = """\
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=($value)
"""
_PART = """\
        elif [[ $type == 'part' ]]; then
            COMPREPLY+=($value)
            compopt -o nospace
"""


class _Quiet(ShellComplete):
    """Says nothing about errors: they would be printed into the line that someone types."""

    def complete(self) -> str:
        """The completions, as the shell takes them."""
        try:
            return super().complete()
        except Exception:  # noqa: BLE001 - whatever it is, there is no completion
            return ""


class Bash(_Quiet, BashComplete):
    """Bash takes : and = for ends of words, and completes only what follows them.

    It adds no space after a value that goes on, such as NAME= or delta:.
    """

    source_template = BashComplete.source_template.replace(_PLAIN, f"{_PLAIN}{_PART}")
    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and that one, joined where bash split them within a value."""
        args, incomplete = super().get_completion_args()
        joined: list[str] = []
        for place, word in enumerate([*args, incomplete]):
            if word == "=" and place < len(args) and joined and joined[-1].startswith("-"):
                continue  # between an option and its value
            if joined and not joined[-1].startswith("-") and (word in _SPLIT or joined[-1].endswith(_SPLIT)):
                joined[-1] += word
            else:
                joined.append(word)
        *args, incomplete = joined
        self._before = incomplete[: max(map(incomplete.rfind, _SPLIT)) + 1]
        return args, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """The completion, from the last split on that is typed already."""
        if item.type == "plain":
            kind = "part" if item.value.endswith(("=", ":", "/")) else "plain"
            item = CompletionItem(item.value.removeprefix(self._before), kind)
        return super().format_completion(item)


class Zsh(_Quiet, ZshComplete):
    """Zsh."""


class Fish(_Quiet, FishComplete):
    """Fish."""


def register() -> None:
    """Let our classes answer, if it is a shell that asks."""
    if VARIABLE in os.environ:
        for each in (Bash, Zsh, Fish):
            add_completion_class(each)
