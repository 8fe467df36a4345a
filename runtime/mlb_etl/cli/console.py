"""The terminal, and what moves on it; log lines stand above that, not in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from mlb_etl.cli import stderr


class Output(Console):
    """Standard output, which prints text as it is, without markup."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Let the command end as it does where it prints without a console."""
        raise  # noqa: PLE0704 - called while the error is handled


def moves(console: Console) -> bool:
    """Whether something that moves can be drawn: not in a pipe, nor on a terminal that only appends."""
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def moving(console: Console, *, transient: bool) -> Iterator[Callable[[RenderableType], None]]:
    """Draws something that is redrawn in place when the block says so; what is `transient` is gone after it.

    It has no thread of its own, which would keep the process from being forked.
    """
    live = Live(console=console, auto_refresh=False, transient=transient, redirect_stdout=False, redirect_stderr=False)

    def above(line: str) -> None:
        if Console(stderr=True).is_terminal:
            console.print(Text(line), soft_wrap=True)
        else:
            stderr.plain(line)

    with live, stderr.through(above):
        yield lambda drawn: live.update(drawn, refresh=True)
