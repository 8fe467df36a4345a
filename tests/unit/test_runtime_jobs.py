from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mlb_etl import registry
from mlb_etl.errors import EtlError
from mlb_etl.jobs import job_files
from mlb_tables import METHODS

JOB = """\
name: sample
source:
  endpoint: sample
  method: game
parameters:
  - {name: game_pk, type: integer, repeatable: true}
  - {name: day, type: date, default: "2024-07-01"}
storage:
  raw: false
  transform: true
"""


@pytest.fixture
def job(tmp_path: Path) -> job_files.Job:
    return job_files.read_job(write(tmp_path, JOB))


def write(folder: Path, text: str) -> Path:
    path = folder / "job.yaml"
    path.write_text(text)
    return path


def test_values(job: job_files.Job) -> None:
    assert job.source.name == "sample.game"
    assert job_files.parameter_values(job, {}) == {"day": [date(2024, 7, 1)]}
    assert job_files.parameter_values(job, {"game_pk": ["1", "2"], "day": ["2024-08-01"]}) == {
        "game_pk": [1, 2],
        "day": [date(2024, 8, 1)],
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"game": ["1"]}, "job sample has no parameter game; it has game_pk, day"),
        ({"day": ["9999-12-31"]}, "job sample: day is of type date: a day from 1800 to 2199 is expected"),
        ({"game_pk": ["one"]}, "job sample: game_pk is of type integer: 'one' is not an integer"),
        ({"game_pk": ["9223372036854775808"]}, "job sample: game_pk is of type integer: '9223372036854775808' is no"),
        ({"game_pk": ["9" * 5000]}, "job sample: game_pk is of type integer: '9{40}' is not an integer"),
        ({"game_pk": ["\N{FULLWIDTH DIGIT ONE}"]}, "job sample: game_pk is of type integer: .* is not an integer"),
        ({"day": ["2024-06-31"]}, "job sample: day is of type date: day is out of range for month"),
        (
            {"day": ["20240701"]},
            "job sample: day is of type date: '20240701' is not a date: YYYY-MM-DD, today, yesterday,",
        ),
        ({"day": ["2024-07-01", "2024-07-02"]}, "job sample takes its parameter day once, not 2 times"),
    ],
)
def test_invalid_values(job: job_files.Job, given: dict[str, list[str]], message: str) -> None:
    with pytest.raises(EtlError, match=message):
        job_files.parameter_values(job, given)


def test_a_required_parameter(tmp_path: Path) -> None:
    job = job_files.read_job(write(tmp_path, JOB.replace("repeatable: true", "required: true")))
    with pytest.raises(EtlError, match="job sample needs its parameter game_pk"):
        job_files.parameter_values(job, {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: sample\n", "", ":1:1: name: is missing"),
        ("name: sample", "name: Sample Job", ":1:7: name: String should match pattern"),
        ("  method: game", "  methd: game", ":3:3: source.method: is missing\n"),
        ("  method: game", "  methd: game\n  method: game", ":4:10: source.methd: is not a valid key here"),
        (
            "type: integer",
            "type: number",
            ":6:27: parameters.0.type: one of int, integer, str, text, date, batting_sequence, batting_slot, ",
        ),
        ("raw: false", "raw: maybe", ":9:8: storage.raw: true, false, a backend or a list of backends is expected"),
        ("  raw: false", "  raw: false\n  raw: true", ":10:3: the key raw appears twice"),
        (
            "  raw: false",
            "  raw: false\n  object_store: true",
            ":9:3: storage: the object store holds a second copy: add postgres under raw",
        ),
        ("name: sample", "name: [", ":3:11: is not YAML: expected ',' or ']'"),
        (JOB, "", ":1:1: the file: Input should be"),
        (JOB, "- a list", ":1:1: the file: Input should be"),
        (JOB, "name: a\0", ":1:8: U+0000 is not allowed in YAML"),
    ],
)
def test_a_bad_file(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(tmp_path, JOB.replace(old, new))
    with pytest.raises(EtlError) as caught:
        job_files.read_job(path)
    assert f"{path}{message}" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EtlError, match=r"none\.yaml: can't be read: No such file or directory"):
        job_files.read_job(tmp_path / "none.yaml")


def test_the_jobs_of_the_repository() -> None:
    folder = Path(__file__).parents[2] / "config" / "jobs"
    found = {path.stem: job_files.read_job(path) for path in folder.glob("*.yaml")}
    methods = {name for name in METHODS if ":" not in name}
    assert {job.source.name for stem, job in found.items() if stem.endswith("_transform")} == methods
    assert {job.source.name for stem, job in found.items() if not stem.endswith("_transform")} == methods
    assert all(stem == job.name for stem, job in found.items())


EXPANDING = """\
name: sample
source: {endpoint: sample, method: game}
timezone: Pacific/Kiritimati
parameters:
  - {name: day, type: date, default: "${YESTERDAY}", repeatable: true}
  - {name: team, type: integer}
expand:
  by: schedule
  query: {sportId: "1", date: "${day}", until: "${TODAY}"}
storage: {raw: true, transform: false}
"""


def test_placeholders(tmp_path: Path) -> None:
    job = job_files.read_job(write(tmp_path, EXPANDING))
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    yesterday = today - timedelta(days=1)
    assert job_files.listing_parameters(job, {}) == [{"sportId": "1", "date": str(yesterday), "until": str(today)}]
    assert [query["date"] for query in job_files.listing_parameters(job, {"day": ["2024-07-01", "2024-07-02"]})] == [
        "2024-07-01",
        "2024-07-02",
    ]


ASKING = """\
name: sample
source: {endpoint: sample, method: game, query: {sportId: "${sport}", date: "${day}", level: "1"}}
parameters:
  - {name: day, type: date, required: true, repeatable: true}
  - {name: sport, type: integer, default: "1"}
  - {name: game_pk, type: integer}
storage: {raw: true, transform: false}
"""


def test_parameters_of_requests(tmp_path: Path) -> None:
    """Parameters used in the query have the query's names; the others keep their own."""
    job = job_files.read_job(write(tmp_path, ASKING))
    assert job_files.method_parameters(job, {"day": ["2024-07-01", "2024-07-02"]}) == [
        {"sportId": "1", "date": day, "level": "1"} for day in ("2024-07-01", "2024-07-02")
    ]
    assert job_files.method_parameters(job, {"day": ["2024-07-01"], "sport": ["11"], "game_pk": ["5"]}) == [
        {"sportId": "11", "date": "2024-07-01", "level": "1", "game_pk": "5"}
    ]


def test_a_query_that_names_no_parameter(tmp_path: Path) -> None:
    path = write(tmp_path, ASKING.replace("${day}", "${date}"))
    with pytest.raises(EtlError) as caught:
        job_files.read_job(path)
    assert f"{path}:2:9: source: ${{date}} is unknown here; known are day, sport, game_pk, TODAY" in str(caught.value)


def test_a_placeholder_without_value(tmp_path: Path) -> None:
    job = job_files.read_job(write(tmp_path, EXPANDING.replace("${day}", "${team}")))
    assert job_files.listing_parameters(job, {"team": ["147"]})[0]["date"] == "147"
    with pytest.raises(EtlError, match=r"\$\{team\} has no value"):
        job_files.listing_parameters(job, {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Pacific/Kiritimati", "Mars/Base", ":3:11: timezone: Mars/Base is not a time zone"),
        ("${YESTERDAY}", "${MONDAY}", ":5:38: parameters.0.default: ${MONDAY} is unknown here"),
        ('"${YESTERDAY}"', "soon", ":5:5: parameters.0: 'soon' is not a date"),
        ("${day}", "${date}", ":8:3: expand: ${date} is unknown here; known are day, team, TODAY, YESTERDAY, TOMORROW"),
        ("by: schedule", "by: a-b", ":8:7: expand.by: a method such as tracker.projects is expected, or the name of a"),
        (
            "expand:",
            "requests: {rate: 0}\nexpand:",
            ":7:18: requests.rate: Input should be greater than or equal to 0.001",
        ),
        ("expand:", "requests: {attempts: 0}\nexpand:", ":7:22: requests.attempts: Input should be greater than or"),
    ],
)
def test_a_bad_file_of_a_job_that_expands(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(tmp_path, EXPANDING.replace(old, new))
    with pytest.raises(EtlError) as caught:
        job_files.read_job(path)
    assert f"{path}{message}" in str(caught.value)


def test_a_method_is_ingested_without_a_job_file() -> None:
    """By parameters as the API names them; of several values each combination is a request."""
    method = registry.method("mlb_tables", "team.teams")
    job = job_files.ingest_job(method, ["sportId", "season"])
    assert (job.source.name, job.storage.captures, job.storage.transforms) == ("team.teams", True, False)
    asked = job_files.method_parameters(job, {"sportId": ["1"], "season": ["2023", "2024"]})
    assert asked == [{"sportId": "1", "season": "2023"}, {"sportId": "1", "season": "2024"}]
    assert job_files.method_parameters(job_files.ingest_job(method, []), {}) == [{}]
    with pytest.raises(EtlError, match="'sport id' is not a parameter's name, such as projectId"):
        job_files.ingest_job(method, ["sport id"])
