"""An issue tracker to try the project with: projects, and issues with labels and comments, all invented.

    TRACKER_TOKEN=secret python server.py --port 8701

It wants a token, answers issues by page number, and projects by a cursor.
"""

import argparse
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PEOPLE = [{"id": 11, "name": "Ada"}, {"id": 12, "name": "Ben"}, {"id": 13, "name": "Chi"}]
LABELS = ("bug", "docs", "idea", "urgent")


def issue(number: int) -> dict[str, Any]:
    """An issue; every third has nobody who works on it."""
    return {
        "id": 100 + number,
        "key": f"{'WEB' if number % 2 else 'API'}-{number}",
        "project_id": 1 + number % 2,
        "title": f"Invented trouble number {number}",
        "state": "closed" if number % 4 == 0 else "open",
        "author": PEOPLE[number % 3],
        "assignee": None if number % 3 == 0 else PEOPLE[(number + 1) % 3],
        "labels": [label for place, label in enumerate(LABELS) if (number >> place) & 1],
        "comments": [
            {"id": 1000 * number + place, "author": PEOPLE[place % 3], "body": f"Remark {place} on {number}.",
             "created_at": f"2024-07-{1 + number % 28:02}T{place % 24:02}:30:00Z"}
            for place in range(1, number % 5 + 1)
        ],
        "created_at": f"2024-06-{1 + number % 28:02}T08:00:00Z",
        "updated_at": f"2024-07-{1 + number % 28:02}T12:00:00Z",
        "estimate": 0.5 * number,
    }  # fmt: skip


class Tracker:
    """The tracker: its issues by id, its projects, and the token that it wants."""

    def __init__(self, token: str, issues: int = 7) -> None:
        self.token = token
        self.issues = {each["id"]: each for each in map(issue, range(1, issues + 1))}
        self.projects = [{"id": 1, "name": "Interface"}, {"id": 2, "name": "Website"}, {"id": 3, "name": "Attic"}]
        self.asked: list[str] = []

    def answer(self, target: str, authorization: str) -> tuple[int, Any]:
        """Status and answer."""
        self.asked.append(target)
        if authorization != f"Bearer {self.token}":
            return 401, {"message": f"not the right credentials: {authorization}"}  # it even repeats them
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/api/issues":
            return 200, self._issues(int(query.get("page", 1)), int(query.get("per_page", 3)))
        if parts.path == "/api/projects":
            return 200, self._projects(int(query.get("after", 0)))
        return 404, {"message": "no such thing"}

    def _issues(self, page: int, size: int) -> list[dict[str, Any]]:
        """A page of issues, the oldest first."""
        return [self.issues[each] for each in sorted(self.issues)][(page - 1) * size : page * size]

    def _projects(self, after: int) -> dict[str, Any]:
        """Two projects, and where the next ones are."""
        found = [each for each in self.projects if each["id"] > after][:2]
        more = found and found[-1]["id"] < max(each["id"] for each in self.projects)
        return {"projects": found, "next": f"/api/projects?after={found[-1]['id']}" if more else None}


@contextmanager
def serve(tracker: Tracker, port: int = 0) -> Iterator[str]:
    """The URL of the API as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = tracker.answer(self.path, self.headers.get("Authorization", ""))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve an invented issue tracker.")
    parser.add_argument("--port", type=int, default=8701)
    with serve(Tracker(os.environ["TRACKER_TOKEN"]), parser.parse_args().port) as url:
        print(url, flush=True)
        threading.Event().wait()
