"""Issues and projects from the tracker to tables: pages, corrections, replays, a suspicious loss, and the token."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from server import Tracker, serve

TOKEN = "s3cret-of-the-tests"
ISSUES = ("ingest", "--job", "issues")


class Project:
    """The commands of the project, with a database of their own, and the service that they ask."""

    def __init__(self, data: Path, url: str) -> None:
        self.environment = {
            **os.environ,
            "MLB_ETL_BASE_URL": url,
            "MLB_ETL_DATA": str(data),
            "MLB_ETL_DSN": "",
            "MLB_ETL_RATE": "off",
            "TRACKER_TOKEN": TOKEN,
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command prints."""
        done = subprocess.run(
            ["mlb-etl", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr if code else done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What a command tells as JSON."""
        said = self.run(*arguments, "--format", "json", code=code)
        return json.loads(said[said.index("{") : said.rindex("}") + 1])

    def query(self, statement: str) -> list[str]:
        """The rows of a query, their columns separated by |."""
        return self.run("db", "psql", "--", "--no-align", "--tuples-only", f"--command={statement}").splitlines()


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(TOKEN)


@pytest.fixture
def project(tmp_path: Path, tracker: Tracker) -> Iterator[Project]:
    with serve(tracker) as url:
        made = Project(tmp_path, url.removesuffix("/api"))
        made.run("schema", "init")
        yield made
        made.run("db", "stop")


def rows(tracker: Tracker) -> list[str]:
    """The issues as the tables are to have them: key, state, labels, comments."""
    issues = sorted(tracker.issues.values(), key=lambda each: str(each["key"]))
    return [
        f"{each['key']}|{each['state']}|{','.join(sorted(each['labels']))}|{len(each['comments'])}" for each in issues
    ]


SHOWN = """
SELECT key, state, (SELECT coalesce(string_agg(label, ',' ORDER BY label), '') FROM tracker.issue_labels AS l
    WHERE l.issue_id = i.issue_id), (SELECT count(*) FROM tracker.issue_comments AS c WHERE c.issue_id = i.issue_id)
FROM tracker.issues AS i ORDER BY key
"""


def test_all_pages_become_rows_and_change_with_the_issues(project: Project, tracker: Tracker) -> None:
    first = project.json(*ISSUES)
    assert (first["stored"], first["failures"]) == (3, [])
    assert tracker.asked == [f"/api/issues?per_page=3{page}" for page in ("", "&page=2", "&page=3")]
    assert project.query(SHOWN) == rows(tracker)

    again = project.json(*ISSUES)
    assert (again["stored"], again["unchanged"]) == (0, 3)

    changed = tracker.issues[103]
    changed["state"], changed["labels"], changed["comments"] = "closed", changed["labels"][1:], changed["comments"][:-1]
    del tracker.issues[101]  # no page lists it anymore, which says nothing of it
    kept = Tracker(TOKEN).issues[101]
    corrected = project.json(*ISSUES)["transform"]["tables"]
    assert corrected["tracker.issues"] == {"inserted": 0, "updated": 1, "unchanged": 0, "deleted": 0}
    assert corrected["tracker.issue_labels"]["deleted"] == corrected["tracker.issue_comments"]["deleted"] == 1
    tracker.issues[101] = kept
    assert project.query(SHOWN) == rows(tracker)

    replayed = project.json("transform", "--method", "tracker.issues", "--replay")["tables"]
    assert {sum(each.values()) - each["unchanged"] for each in replayed.values()} == {0}
    project.run("verify")


def test_a_suspicious_loss_waits_and_the_others_go_on(project: Project, tracker: Tracker) -> None:
    comment = tracker.issues[104]["comments"][0]
    tracker.issues[104]["comments"] = [{**comment, "id": number} for number in range(1, 21)]
    project.run(*ISSUES)
    tracker.issues[104]["comments"] = []
    tracker.issues[105]["title"] = "Another title"
    counts = project.json(*ISSUES, code=1)["transform"]
    assert (counts["documents"]["quarantined"], counts["tables"]["tracker.issues"]["updated"]) == (1, 1)
    assert project.query("SELECT count(*) FROM tracker.issue_comments WHERE issue_id = 104") == ["20"]
    project.run("quarantine", "accept", "--key", "issue_id=104", "--yes")
    assert project.query("SELECT count(*) FROM tracker.issue_comments WHERE issue_id = 104") == ["0"]


def test_a_cursor_leads_through_all_projects(project: Project, tracker: Tracker) -> None:
    project.run("ingest", "--job", "projects")
    assert tracker.asked == ["/api/projects", "/api/projects?after=2"]
    assert project.query("SELECT * FROM tracker.projects ORDER BY project_id") != []
    assert project.query("SELECT name FROM tracker.projects ORDER BY project_id") == ["Interface", "Website", "Attic"]


def test_the_token_is_nowhere_but_in_the_environment(project: Project, tracker: Tracker, tmp_path: Path) -> None:
    """Not in the tables, nor in logs; and not in the message of a server that repeats it."""
    command = ["mlb-etl", "--verbose", *ISSUES, "--record", str(tmp_path / "recorded")]
    done = subprocess.run(command, cwd=ROOT, env=project.environment, capture_output=True, text=True, check=True)
    assert "GET http://" in done.stderr
    tracker.token = "another"
    refused = project.run("--verbose", *ISSUES, code=1)
    assert "401" in refused
    kept = [
        file
        for file in ROOT.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file != Path(__file__)
    ]
    files = [*(tmp_path / "recorded").rglob("*.json.gz"), *kept]
    assert len(files) > 10
    for text in (
        done.stdout,
        done.stderr,
        refused,
        project.run("config", "show"),
        *project.query("SELECT * FROM etl.failure"),
    ):
        assert TOKEN not in text
    for file in files:
        assert TOKEN.encode() not in file.read_bytes()
    assert project.query("SELECT count(*) FROM tracker.issues_answers WHERE url LIKE '%s3cret%'") == ["0"]


def test_without_the_token_nothing_is_asked(project: Project, tracker: Tracker) -> None:
    del project.environment["TRACKER_TOKEN"]
    assert "TRACKER_TOKEN" in project.run(*ISSUES, code=1)
    assert tracker.asked == []
