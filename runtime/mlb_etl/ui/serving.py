"""Serves the application on this machine until SIGTERM or Ctrl-C."""

import errno
import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn

from mlb_etl.errors import EtlError
from mlb_etl.stores.interfaces.viewing import Viewing
from mlb_etl.ui.app import GRACE, application
from mlb_etl.ui.page import Page

ADDRESS = "127.0.0.1"
_CONNECTIONS = 64


def serve(viewing: Viewing, pages: Sequence[Page], port: int, tell: Callable[[str], None]) -> None:
    """Serve these pages on the port, or on any free one for 0; `tell` gets the URL once the port answers.

    Raises EtlError if the port can't be had.
    """
    with _listening(port) as listening:
        config = uvicorn.Config(
            application(viewing, pages),
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=GRACE + 1,
        )
        # uvicorn ends on these signals, and then raises them again for whoever handled them before
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        tell(f"http://{ADDRESS}:{listening.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
        listening.listen(_CONNECTIONS)
    except OSError as error:
        listening.close()
        why = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror
        raise EtlError(
            f"port {port} of {ADDRESS} can't be used: {why}; --port chooses another one, --port 0 any that is free"
        ) from error
    return listening
