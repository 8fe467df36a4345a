"""Reports the metrics of a run while it works, or when it has ended."""

import logging
import threading
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from mlb_etl import plugins
from mlb_etl.errors import EtlError
from mlb_etl.observe.bounded import within
from mlb_etl.observe.collectors import DatabaseCollector, Ended, RunCollector
from mlb_etl.observe.sending import send
from mlb_etl.observe.serving import Server
from mlb_etl.observe.setting import Destination, Listen
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.interfaces.runs import Outcome

log = logging.getLogger(__name__)
EVERY = 60.0  # seconds between two readings of the status
_SHARE = 20  # of the time may be spent on them, one part
_ANSWER = 5.0  # seconds for the database, when a probe asks
_STATUS = 30.0  # seconds for the status, at the end of a run


class Reporter:
    """The metrics of a run; those of the database are of one that it writes."""

    def __init__(
        self, to: Destination, names: tuple[str, str], database: Database, stuck: Callable[[], str | None]
    ) -> None:
        """`names` are the command and its subject; `stuck` says why the run does not go on, None if it does.

        Raises EtlError if an address to listen on can't be used.
        """
        self._to = to
        self._names = names
        self._database = database
        self._stuck = stuck
        self._counted, self._status = RunCollector(*names), DatabaseCollector()
        self._run, self._all = CollectorRegistry(), CollectorRegistry()
        self._run.register(self._counted)
        self._all.register(self._status)
        self._ended = threading.Event()
        self._server: Server | None = None
        if isinstance(to, Listen):
            both = CollectorRegistry()
            both.register(self._counted)
            both.register(self._status)
            self._server = Server(to, both, self.problem)
            threading.Thread(target=self._watch, name="status", daemon=True).start()

    def end(self, outcome: Outcome) -> None:
        """Send what is to be sent at the end. What can't be sent is logged, and stops nothing."""
        self._ended.set()
        if self._server is not None:
            self._server.close()
        if isinstance(self._to, Listen):
            return
        self._counted.ended = Ended(time.time(), outcome == "done")
        try:
            try:
                within(_STATUS, self._read)
            finally:
                send(self._to, self._run, self._all, self._names)
        except EtlError as error:
            log.warning("the metrics of the run are not complete: %s", error)

    def problem(self) -> str | None:
        """Why the run is not healthy: it does not go on, or its database does not answer."""
        if (why := self._stuck()) is not None:
            return why
        try:
            within(_ANSWER, self._ask)
        except EtlError as error:
            return f"the database does not answer: {error}"
        return None

    def _ask(self) -> None:
        with self._database.open() as stores:
            stores.require_migrated(writing=False)

    def _read(self) -> None:
        try:
            with self._database.open() as stores:
                self._status.note(stores.operations().status(plugins.changing()))
        except EtlError:
            self._status.note(None)
            raise

    def _watch(self) -> None:
        """Read the status now and then, less often the longer it takes."""
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                self._read()
            except EtlError as error:
                log.info("the status can't be read: %s", error)
            self._ended.wait(max(EVERY, _SHARE * (time.monotonic() - began)))
