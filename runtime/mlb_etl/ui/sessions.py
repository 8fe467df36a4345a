"""The few sessions that all pages share, used in threads: a section is read in one, whole and in one snapshot."""

import threading

from markupsafe import Markup

from mlb_etl.errors import DatabaseUnavailable, QueryCancelled
from mlb_etl.stores.interfaces.viewing import Viewer, Viewing
from mlb_etl.ui import html
from mlb_etl.ui.page import Section

MOST = 3
"""How many sections are read at once."""
_STUCK = 6  # readings under way, those included that nobody waits for any longer


class Sessions:
    """Opens sessions as they are needed, and keeps them until `close`."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._lock = threading.Lock()
        self._idle: list[Viewer] = []
        self._busy = 0
        self.name = ""

    def read(self, section: Section) -> tuple[Markup, str]:
        """The element of a section, and its digest.

        Raises DatabaseUnavailable, QueryCancelled if a statement took too long, and EtlError for what a user can fix.
        """
        viewer = self._take()
        kept = False
        try:
            with self._viewing.explained(), viewer.snapshot():
                why = html.unreadable(viewer.access(section.reads), viewer.role)
                found = html.section(section, section.content(viewer) if why is None else why)
            kept = True
        except QueryCancelled:
            kept = True
            raise
        finally:
            self._give_back(viewer, kept=kept)
        return found

    def close(self) -> None:
        """Close the sessions that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()

    def _take(self) -> Viewer:
        with self._lock:
            if self._busy >= _STUCK:
                raise DatabaseUnavailable("the database does not answer")
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        try:
            viewer = self._viewing.open()
        except BaseException:
            with self._lock:
                self._busy -= 1
            raise
        self.name = viewer.name
        return viewer

    def _give_back(self, viewer: Viewer, *, kept: bool) -> None:
        with self._lock:
            self._busy -= 1
            if kept:
                self._idle.append(viewer)
        if not kept:
            viewer.close()
