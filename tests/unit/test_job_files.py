"""The format of job files: the specification's example, the schema, and all kinds of errors."""

import json
import os
import re
import threading
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml
from checks import some
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from mlb_etl import registry
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.jobs import job_files, plain_yaml, spec

ROOT = Path(__file__).parents[2]
SPECIFIC = """\
name: game_live_specific
description: Fetch specific games
source: {endpoint: game, method: liveGameV1, capture_metadata: true}
storage:
  raw: {backend: postgres, table: game.live_game_v1, preserve_metadata: true}
parameters:
  - {name: game_pks, type: "list[int]", required: true, description: List of games to fetch}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "job.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load(folder: Path, text: str) -> spec.Job:
    return job_files.load_job(str(write(folder, text)), "mlb_tables")


def test_the_job_from_the_specification(tmp_path: Path) -> None:
    job = load(tmp_path, SPECIFIC)
    assert (job.storage.captures, job.storage.in_object_store, job.storage.transforms) == (True, False, False)
    for name in ("game_pk", "game_pks"):
        assert job_files.method_parameters(job, {name: ["747175", "747176"]}) == [
            {"game_pk": "747175"},
            {"game_pk": "747176"},
        ]
    assert job_files.method_parameters(job, {"game_pk": ["1"], "game_pks": ["2"]}) == [
        {"game_pk": "1"},
        {"game_pk": "2"},
    ]
    with pytest.raises(EtlError, match="job game_live_specific needs its parameter game_pks"):
        job_files.method_parameters(job, {})


def test_backends_as_a_list(tmp_path: Path) -> None:
    raw = "raw: [{backend: postgres, table: game.live_game_v1}, {backend: object_store}]"
    job = load(tmp_path, re.sub(r"raw: .*", f"{raw}\n  targets: {{backend: postgres}}", SPECIFIC))
    assert (job.storage.captures, job.storage.in_object_store, job.storage.transforms) == (True, True, True)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("{raw: true}", "{raw: {backend: postgres}}"),
        ("{raw: true, object_store: true}", "{raw: [{backend: postgres}, {backend: object_store}]}"),
        ("{raw: false, transform: true}", "{targets: {backend: postgres}}"),
        ("{raw: true, transform: true}", "{raw: [{backend: postgres}], targets: true}"),
    ],
)
def test_short_forms(tmp_path: Path, text: str, same: str) -> None:
    first, second = (
        load(tmp_path, re.sub(r"storage:\n.*\n", f"storage: {each}\n", SPECIFIC)).storage for each in (text, same)
    )
    for fact in ("captures", "in_object_store", "transforms"):
        assert getattr(first, fact) == getattr(second, fact)


REFUSED = {
    ("capture_metadata: true", "capture_metadata: false"): (
        ":3:64: source.capture_metadata: responses are never stored without their time, which decides which"
    ),
    ("preserve_metadata: true", "preserve_metadata: false"): (
        ":5:73: storage.raw.preserve_metadata: responses are never stored without their request, which determines"
    ),
    ("preserve_metadata: true", "preserve_metadata: yes"): (
        ":5:73: storage.raw.preserve_metadata: true or false is expected"
    ),
    ("game.live_game_v1", "schedule.schedule"): (
        ":5:35: storage.raw.table: responses of game.liveGameV1 are stored in game.live_game_v1, not in schedule."
    ),
    ("backend: postgres", "backend: redis"): (
        ":5:18: storage.raw.backend: Input should be 'postgres', 'object_store' or 'delta'"
    ),
    ("method: liveGameV1", "method: liveGameV2"): (
        f":3:34: no mapping for game.liveGameV2; mlb_tables has {', '.join(registry.methods('mlb_tables'))}"
    ),
    ("backend: postgres", "backend: object_store"): ":5:8: storage.raw: table: only postgres has tables",
    ("{backend: postgres, table: game.live_game_v1,", "{table: game.live_game_v1,"): (
        ":5:8: storage.raw.backend: is missing"
    ),
    ("required: true", "default: [1, two]"): ":7:5: parameters.0: 'two' is not an integer",
    ('"list[int]", required: true', "int, default: [1, 2]"): ":7:5: parameters.0: default: several values need the",
    ("  - {name", "  - {name: game_pk, type: int}\n  - {name"): ":7:3: parameters: game_pk appears twice",
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), REFUSED.items(), ids=lambda each: str(each)[:60])
def test_invalid_jobs(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    assert change[0] in SPECIFIC
    with pytest.raises(EtlError) as caught:
        load(tmp_path, SPECIFIC.replace(*change))
    assert f"{tmp_path / 'job.yaml'}{message}" in str(caught.value)


LAKE = "{backend: delta, place: data/lake}"


def test_targets_in_a_lake(tmp_path: Path) -> None:
    text = f"{{raw: [{{backend: object_store}}], targets: [{{backend: postgres}}, {LAKE}]}}"
    storage = load(tmp_path, re.sub(r"storage:\n.*\n", f"storage: {text}\n", SPECIFIC)).storage
    assert (storage.raw_databases, storage.target_databases) == ((), ("postgres", "delta:data/lake"))
    assert storage.fills_from_object_store("delta:data/lake")
    assert storage.fills_from_object_store("postgresql:///other")
    text = f"{{raw: [{LAKE}, {{backend: object_store}}], targets: {LAKE}}}"
    storage = load(tmp_path, re.sub(r"storage:\n.*\n", f"storage: {text}\n", SPECIFIC)).storage
    assert (storage.raw_databases, storage.target_databases) == (("delta:data/lake",), ("delta:data/lake",))
    assert not storage.fills_from_object_store("delta:data/lake"), "it has them in its own raw table"
    text = f"{{raw: [{{backend: postgres}}, {{backend: object_store}}], targets: {LAKE}}}"
    storage = load(tmp_path, re.sub(r"storage:\n.*\n", f"storage: {text}\n", SPECIFIC)).storage
    assert storage.fills_from_object_store("delta:data/lake")
    assert not storage.fills_from_object_store("postgresql:///mine"), "whichever PostgreSQL it is"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("", ":4:31: storage.targets: place: delta needs one, a folder or s3://bucket/prefix"),
        (", place: http://host/x", ":4:55: storage.targets.place: a folder or s3://bucket/prefix is expected"),
        (", place: s3://B", ":4:55: storage.targets.place: a folder or s3://bucket/prefix is expected"),
        (f", place: {'x' * 1025}", ":4:55: storage.targets.place: a folder or s3://bucket/prefix is expected"),
        (", place: [a]", ":4:55: storage.targets.place: Input should be a valid string"),
        (", table: a.b", ":4:55: storage.targets.table: is not a valid key here"),
    ],
)
def test_a_lake_needs_a_place(tmp_path: Path, place: str, message: str) -> None:
    text = f"storage: {{raw: true, targets: {{backend: delta{place}}}}}\n"
    with pytest.raises(EtlError) as caught:
        load(tmp_path, re.sub(r"storage:\n.*\n", text, SPECIFIC))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("{}", "raw (where to store responses) and targets (where the tables are) are both missing"),
        ("{raw: [{backend: postgres}, {backend: postgres}]}", "a backend appears twice"),
        (f"{{raw: true, targets: [{LAKE}, {LAKE}]}}", "a backend appears twice"),
        ("{raw: {backend: object_store}}", "the object store holds a second copy: add postgres under raw"),
        ("{raw: true, targets: true, transform: false}", "transform is false, but targets names tables"),
    ],
)
def test_contradictory_or_empty_storage(tmp_path: Path, storage: str, message: str) -> None:
    with pytest.raises(EtlError) as caught:
        load(tmp_path, re.sub(r"storage:\n.*\n", f"storage: {storage}\n", SPECIFIC))
    assert f":4:10: storage: {message}" in str(caught.value)


UNREADABLE = {
    "{[a]: b}": ":1:2: a key must be plain text",
    "{{a: b}: c}": ":1:2: a key must be plain text",
    "? - a\n: b": ":1:3: a key must be plain text",
    "name: &x a\nother: *x": ":1:7: anchors and aliases are not supported: write out the value",
    "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]": ":1:4: anchors and aliases are not supported: write out the value",
    "<<: {a: b}": ":1:5: <<: is not a valid key here",
    "a: !!python/object/apply:os.system [ls]": ":1:4: tags are not supported: leave the tag out",
    "\ta: b": ":1:1: is not YAML: found character '\\t' that cannot start any token",
    "a: b\n\0": ":2:1: U+0000 is not allowed in YAML",
    "a: 'x\ufeffy'": ":1:4: the text contains the invisible character U+FEFF",
    'a: "\\ud800"': ":1:4: the text contains the invisible character U+D800",
    'a: "\\UFFFFFFFF"': ": is not YAML: ",
    "a: 1\n---\nb: 2": ":2:1: a second document begins here; only one is allowed",
    "[" * 60_000: ":1:22: nested more than 20 levels deep",
    "{a: " * 10_000: ":1:85: nested more than 20 levels deep",
    "- " * 10_000: ":1:43: nested more than 20 levels deep",
    "#" * 70_000: ": larger than 65536 bytes",
    "a: [1, 2": ":1:9: is not YAML: ",
}


@pytest.mark.parametrize(("text", "message"), UNREADABLE.items(), ids=lambda each: ascii(each)[:40])
def test_texts_that_are_not_jobs(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(EtlError) as caught:
        job_files.read_job(path)
    assert f"{path}{message}" in str(caught.value)


def test_other_encodings(tmp_path: Path) -> None:
    with pytest.raises(EtlError, match=r"job\.yaml:2:4: is not UTF-8"):
        job_files.read_job(write(tmp_path, b"a: b\nc: \xe9\n"))
    assert job_files.read_job(write(tmp_path, b"\xef\xbb\xbf" + SPECIFIC.encode())).name == "game_live_specific"
    assert job_files.read_job(write(tmp_path, SPECIFIC.replace("\n", "\r\n"))).name == "game_live_specific"


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    """A pipe, such as a shell may pass, is read, but only up to the limit."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)

    def fill() -> None:
        with pipe.open("wb", buffering=0) as stream:
            try:
                while True:
                    stream.write(b"# and so on\n" * 1000)
            except BrokenPipeError:
                pass

    writer = threading.Thread(target=fill)
    writer.start()
    with pytest.raises(EtlError, match="larger than 65536 bytes"):
        job_files.read_job(pipe)
    writer.join(10)


def test_many_errors_are_cut(tmp_path: Path) -> None:
    with pytest.raises(EtlError) as caught:
        job_files.read_job(write(tmp_path, "".join(f"key{number}: 1\n" for number in range(100))))
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("job.yaml: and 83 more")


# ---------------------------------------------------------------- whatever stands there

PARTS = st.sampled_from(
    [
        *SPECIFIC.splitlines(keepends=True),
        *re.findall(r"\w+|\W", SPECIFIC),
        *(
            "Infinity",
            ".inf",
            "1e999",
            "-1",
            "null",
            "~",
            "[]",
            "{}",
            "- ",
            "? ",
            ": ",
            "|\n",
            ">",
            "&a ",
            "*a",
            "!!int ",
        ),
        *(
            "%YAML 9.9\n",
            "---\n",
            "...\n",
            "\t",
            "\r",
            "\x85",
            "\u2028",
            '"\\x',
            "'",
            "#",
            "9" * 5000,
            "${TODAY}",
            "${",
        ),
    ]
)


def errors(text: str) -> list[str]:
    """The error message for a text; empty for a valid job."""
    try:
        job_files._job(plain_yaml.parse_yaml(text, "job.yaml"))
    except EtlError as error:
        return str(error).splitlines()
    return []


@given(st.one_of(st.text(), st.lists(PARTS, max_size=60).map("".join)))
def test_any_text_is_a_job_or_an_error_with_its_file(text: str) -> None:
    assert all(line.startswith("job.yaml:") for line in errors(text))


@given(st.data())
def test_values_of_any_type(data: st.DataObject) -> None:
    """At any place of a complete job."""
    more = "expand: {by: schedule, query: {date: '${game_pks}'}, leave_out: {state: [S]}}\n"
    whole = SPECIFIC + more + "requests: {rate: 1, attempts: 2}\n"
    assert errors(whole) == []
    places = [match.span(1) for match in re.finditer(r"(?<=: )([\w\"\[\].$'{}]+)", whole)]
    start, end = data.draw(st.sampled_from(places))
    others = ["[]", "{}", "[{}]", "{a: b}", "null", "x", "-1", "1e999", "nan", ".inf", "true", "''", "9" * 400]
    found = errors(whole[:start] + data.draw(st.sampled_from(others)) + whole[end:])
    assert all(re.match(r"job\.yaml:\d+:\d+: ", line) for line in found), found


# ---------------------------------------------------------------- jobs that come with the package


def test_jobs_are_found_by_name_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = sorted((ROOT / "config" / "jobs").glob("*.yaml"))
    assert len(files) > 30
    for file in files:
        job = job_files.load_job(file.stem, "mlb_tables")
        assert job == job_files.load_job(str(file), "mlb_tables")
        assert job.name == file.stem
        assert job.description
    with pytest.raises(EtlError) as caught:
        job_files.find_job("game_live_dat")
    assert str(caught.value) == (
        f"there is no file and no job named game_live_dat; the jobs are {', '.join(file.stem for file in files)}"
    )
    (tmp_path / "game_live_date").write_text(SPECIFIC)
    assert job_files.load_job("game_live_date", "mlb_tables").name == "game_live_specific", "a file goes before"
    with pytest.raises(EtlError, match=r"game_live_date\.yaml: can't be read: No such file"):
        job_files.load_job("game_live_date.yaml", "mlb_tables")


def test_a_method_without_a_job() -> None:
    job = job_files.transform_job(registry.method("mlb_tables", "schedule.schedule"))
    assert job_files.parameter_values(
        job, {"schedule_date": ["2024-07-01", "2024-07-02"], "sport_id": ["1"]}
    ).keys() == {
        "schedule_date",
        "sport_id",
    }
    assert job.storage.transforms
    assert not job.storage.captures


def test_days_by_their_names(tmp_path: Path) -> None:
    """In the job's time zone, which for most of the day is a day ahead of others."""
    text = (
        SPECIFIC.replace('game_pks, type: "list[int]"', 'days, type: "list[date]"') + "timezone: Pacific/Kiritimati\n"
    )
    job = load(tmp_path, text)
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    assert job_files.parameter_values(job, {"day": ["yesterday", "today", "tomorrow", "today-7"]})["day"] == [
        today + timedelta(days=offset) for offset in (-1, 0, 1, -7)
    ]
    for wrong in ("Today", "yesterday ", "2024-7-1", "2024-W27-1", "${TODAY}", "today-", "today-99999"):
        with pytest.raises(EtlError, match=r"is not a date: .*, today, yesterday, tomorrow and today-N are possible"):
            job_files.parameter_values(job, {"day": [wrong]})


# ---------------------------------------------------------------- the JSON Schema


def test_the_json_schema_that_is_committed_is_current() -> None:
    assert (ROOT / "schemas" / "job.schema.json").read_text() == spec.job_schema()


def test_editors_accept_what_we_accept() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(spec.job_schema()))
    texts = [file.read_text() for file in (ROOT / "config" / "jobs").glob("*.yaml")]
    assert all(
        text.startswith("# yaml-language-server: $schema=../../schemas/job.schema.json\n") for text in some(texts)
    )
    for text in (SPECIFIC, *texts):
        assert not list(validator.iter_errors(yaml.safe_load(text)))
    for old, new in (("capture_metadata: true", "capture_metadata: false"), ("postgres", "redis"), ("name:", "nam:")):
        assert list(validator.iter_errors(yaml.safe_load(SPECIFIC.replace(old, new))))


def test_every_key_is_described() -> None:
    """Editors show it."""
    schema = json.loads(spec.job_schema())
    for model in (schema, *schema["$defs"].values()):
        assert model["description"]
        for name, key in model["properties"].items():
            assert "description" in key or "$ref" in json.dumps(key) or name in {"by", "backend"}, name


@pytest.mark.parametrize("command", [("live", "--date", "soon"), ("replay", "--from", "x", "--since", "soon")])
def test_options_that_take_days(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, command)
    assert (done.exit_code, "'soon' is not a date: YYYY-MM-DD, today" in done.output) == (2, True)
