"""The terminal, and displays that are redrawn in place, with log lines above them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from mlb_etl.cli import stderr


class Output(Console):
    """Standard output, without markup or highlighting."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Re-raise, so that the command ends as it does when it prints without a console."""
        raise  # noqa: PLE0704 - called while the error is handled


def moves(console: Console) -> bool:
    """Whether lines can be redrawn: not in a pipe, and not on a terminal that only appends."""
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def moving(console: Console, *, transient: bool) -> Iterator[Callable[[RenderableType], None]]:
    """Redraws a display in place whenever the block asks; a `transient` one is erased at the end.

    It starts no thread, because a process with threads can't be forked safely.
    """
    live = Live(console=console, auto_refresh=False, transient=transient, redirect_stdout=False, redirect_stderr=False)

    def above(line: str) -> None:
        if Console(stderr=True).is_terminal:
            console.print(Text(line), soft_wrap=True)
        else:
            stderr.write_line(line)

    with live, stderr.through(above):
        yield lambda drawn: live.update(drawn, refresh=True)
