"""The settings file: found, read within bounds, checked with the place of each mistake, and under the environment."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlb_etl import settings
from mlb_etl.errors import EtlError
from mlb_etl.settings import SETTINGS, Layers, Settings, toml
from mlb_etl.settings.schema import file_schema

RUNTIME = Path(settings.__file__).parents[1]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory, with no setting in the environment."""
    for name in [name for name in os.environ if name.startswith("MLB_ETL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "mlb-etl.toml") -> Path:
    file = folder / name
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_what_takes_precedence(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Default, file, profile, environment; each value tells its place."""
    write(here, "rate = 2\ntimeout = 30\n[profile.slow]\nrate = 0.5\n")

    def found() -> list[tuple[Any, ...]]:
        layers = Layers.now(here)
        return [(each.value, *each.origin) for each in map(layers.find, ("rate", "timeout", "max_body"))]

    default = (64, "default", "")
    assert found() == [(2, "file", "mlb-etl.toml:1"), (30, "file", "mlb-etl.toml:2"), default]
    monkeypatch.setenv("MLB_ETL_PROFILE", "slow")
    assert found() == [(0.5, "profile", "mlb-etl.toml:4"), (30, "file", "mlb-etl.toml:2"), default]
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.setenv("MLB_ETL_TIMEOUT", "")  # empty is unset
    assert found() == [(float("inf"), "environment", "MLB_ETL_RATE"), (30, "file", "mlb-etl.toml:2"), default]
    assert Settings.from_environment().rate == float("inf")


def test_every_setting_of_a_file_arrives(here: Path) -> None:
    write(
        here,
        'dsn = "delta:lake"\ndata = "kept"\ntables = "club.tables"\nbase_url = "http://h:1/"\nrate = "off"\n'
        "timeout = 7\n"
        'max_body = 3\nraw_encoding = "identity"\nobject_store = "captures"\nmetrics = "textfile:seen"\n'
        'live_cache = "redis://h"\n[headers]\nA = "b"\n',
    )
    found = Settings.from_environment()
    assert found == Settings(
        f"delta:{here}/lake",
        here / "kept",
        "club.tables",
        "http://h:1",
        float("inf"),
        f"{here}/captures",
        7,
        3 << 20,
        "redis://h",
        found.headers,
    )
    assert found.request_headers() == {"A": "b"}
    assert found.project == here
    assert settings.max_body() == 3 << 20
    assert settings.raw_encoding() == "identity"
    assert settings.metrics() == f"textfile:{here}/seen"


def test_an_empty_text_takes_a_value_back(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, 'dsn = "postgresql:///a"\ndata = "d"\n[profile.own]\ndsn = ""\ndata = ""\n')
    monkeypatch.setenv("MLB_ETL_PROFILE", "own")
    found = Settings.from_environment()
    assert (found.dsn, found.data) == (None, here / "data")


def test_the_nearest_file_marks_the_project(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyproject.toml without our table is passed over, even one that is broken; one with it counts."""
    outer, inner = here / "outer", here / "outer" / "inner"
    inner.mkdir(parents=True)
    write(here, "timeout = 5")
    ours = "[tool.mlb-etl]\ntimeout = 6\n[tool.mlb-etl.profile.p]\nrate=3\n"
    write(outer, f'[project]\nname = "mlb-etl"\n{ours}', "pyproject.toml")
    write(inner, "[tool.other\nmlb-etl", "pyproject.toml")
    monkeypatch.chdir(inner)
    found = Settings.from_environment()
    assert (found.timeout, found.data, found.project) == (6, outer / "data", outer)
    assert Layers.now(inner).find("timeout").origin.place == "../pyproject.toml:4"
    write(inner, "timeout = 7")
    assert Settings.from_environment().timeout == 7
    (inner / "below" / "config" / "jobs").mkdir(parents=True)  # a project of its own, under these settings
    monkeypatch.chdir(inner / "below")
    found = Settings.from_environment()
    assert (found.timeout, found.data) == (7, inner / "below" / "data")


def test_a_named_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = here / "other"
    other.mkdir()
    write(here, "timeout = 5")
    write(other, "timeout = 6", "any.toml")
    write(other, "[tool.mlb-etl]\ntimeout = 7", "pyproject.toml")
    monkeypatch.setenv("MLB_ETL_CONFIG", "other/any.toml")
    found = Settings.from_environment()
    assert (found.timeout, found.data) == (6, other / "data")
    monkeypatch.setenv("MLB_ETL_CONFIG", "other/pyproject.toml")
    assert Settings.from_environment().timeout == 7
    write(other, "[tool]\n", "pyproject.toml")
    with pytest.raises(EtlError, match=r"^other/pyproject\.toml:1:1: has no table tool\.mlb-etl$"):
        Settings.from_environment()
    monkeypatch.setenv("MLB_ETL_CONFIG", "nowhere.toml")
    with pytest.raises(EtlError, match=r"^the settings file nowhere\.toml can't be read: No such file"):
        Settings.from_environment()


def test_two_files_in_a_folder(here: Path) -> None:
    write(here, "")
    write(here, "[tool.mlb-etl]", "pyproject.toml")
    with pytest.raises(
        EtlError, match=r"has settings in mlb-etl\.toml and in pyproject\.toml: keep them in one of them"
    ):
        Settings.from_environment()


def test_an_edit_is_read(here: Path) -> None:
    write(here, "timeout = 5")
    assert Settings.from_environment().timeout == 5
    write(here, "timeout = 60")
    assert Settings.from_environment().timeout == 60


MISTAKES = {
    "x = 1\nrte = 2": '2:1: there is no setting rte (did you mean "rate"?)',
    "[profile.p]\nrte = 2": '2:1: there is no setting rte (did you mean "rate"?)',
    "\n  rate = 'fast'": (
        '2:3: rate is a text: 0.001 to 1000 requests a second are expected, such as 1 or 0.5, or "off"'
    ),
    "rate = true": "1:1: rate is true or false: ",
    "rate = nan": "1:1: rate is nan: 0.001 to 1000",
    "rate = 1e300": "1:1: rate is 1e+300: ",
    "timeout = '60'": "1:1: timeout is a text: 1 to 600 seconds are expected, as a whole number",
    "timeout = 60.0": "1:1: timeout is a number: 1 to 600 seconds",
    f"timeout = 1{'0' * 400}": "1:1: timeout is 1000",
    "max_body = 0": "1:1: max_body is 0: 1 to 512 MiB are expected",
    "max_body = false": "1:1: max_body is true or false: ",
    "raw_encoding = 'gzip'": "1:1: raw_encoding is 'gzip': zstd or identity is expected",
    "data = 3": "1:1: data is a number: a text is expected",
    "dsn = 2024-07-01": "1:1: dsn is a date or time: a text is expected",
    "dsn = ['a']": "1:1: dsn is a list: ",
    "tables = 'a b'": "1:1: tables is a b: the name of a package is expected",
    "base_url = ''": "1:1: base_url is empty: a URL such as ",
    "base_url = 'http://u:SECRET@h'": "1:1: base_url is not to have a user or password: ",
    "object_store = '\\u0000'\n": None,
    f"live_cache = '{'x' * 5000}'": "1:1: live_cache is xxx",
    "run_id = 'x'": "1:1: run_id can't stand in the file: set MLB_ETL_RUN_ID",
    "profile = 'p'": "1:1: profile is not a table: write [profile.NAME] above its settings",
    "[profile]\np = 1": "2:1: profile.p is not a table: write [profile.p] above its settings",
    "[profile.'a b']\nrate = 1": "1:1: 'a b' can't be a profile's name: ",
    "headers = 'x'": "1:1: headers is not a table: write [headers] above them",
    "[headers]\n'a b' = 'x'": "2:1: headers.a b can't be a header of requests",
    "[headers]\nHost = 'x'": "2:1: headers.Host can't be a header of requests",
    '[headers]\nA = "b\\r\\nC: d"': "2:1: headers.A is not one line of text: ",
    "[headers]\nA = 1": "2:1: headers.A is not one line of text: ",
    "[headers]\nA = {env = 'X', suffix = ''}": '2:1: headers.A is a table: a value, or {env = "NAME"} ',
    "dsn = {env = 3}": "1:1: dsn is a table: a value, or ",
    "dsn = {env = 'a=b'}": "1:1: dsn is a table: ",
    'dsn = {env = "X", prefix = "\\n"}': "1:1: dsn has a prefix that is not one line of text",
    "rate = ": "1:1: is not TOML: Invalid value",
    "rate = 1\nrate = 2": "2:1: is not TOML: Cannot overwrite a value",
    "rate = '''\n\n": "3:1: is not TOML: ",
    f"rate = 1{'0' * 5000}": "1:1: is not TOML: Exceeds the limit",
    f"rate = {'[' * 100_000}": "1:1: is not TOML: ",
    "a = '''\n[x]\nrte = 1\n'''\nrate = []": "5:1: rate is a list: ",
}


@pytest.mark.parametrize(("text", "error"), MISTAKES.items(), ids=[text[:30] for text in MISTAKES])
def test_mistakes_have_their_place(here: Path, text: str, error: str | None) -> None:
    write(here, text)
    if error is None:  # a literal text of TOML, in which a backslash stands for itself
        assert Settings.from_environment().store == f"{here}/\\u0000"
        return
    with pytest.raises(EtlError) as caught:
        Settings.from_environment()
    assert any(line.startswith(f"mlb-etl.toml:{error}") for line in str(caught.value).splitlines()), caught.value
    assert "SECRET" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_all_mistakes_of_a_file_are_told(here: Path) -> None:
    write(here, "".join(f"wrong_{number} = 1\n" for number in range(30)))
    with pytest.raises(EtlError) as caught:
        Settings.from_environment()
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines[:20]] == [f"mlb-etl.toml:{line}:1" for line in range(1, 21)]
    assert lines[20:] == ["mlb-etl.toml: and 10 more"]


def test_files_that_cannot_be_read(here: Path) -> None:
    file = here / "mlb-etl.toml"
    file.write_bytes(b"# one\nrate = '\xff'")
    with pytest.raises(EtlError, match=r"^mlb-etl\.toml:2:1: is not UTF-8: save the file as UTF-8$"):
        Settings.from_environment()
    file.write_bytes(b"#" * (1 << 20))
    assert Settings.from_environment().rate == 1
    file.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(EtlError, match=r"^the settings file mlb-etl\.toml is larger than 1 MiB$"):
        Settings.from_environment()
    file.unlink()
    os.mkfifo(file)  # which would make a reader wait
    with pytest.raises(EtlError, match=r"^the settings file mlb-etl\.toml is not a file$"):
        Settings.from_environment()


def test_a_file_without_leave_to_read_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(here, "rate = 2")

    def refused(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refused)  # root may read everything
    with pytest.raises(EtlError, match=rf"^the settings file {file.name} can't be read: Permission denied$"):
        Settings.from_environment()


def test_the_file_of_another_user_has_to_be_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or whoever may write into a folder above could send the secrets of the environment to a server of his."""
    file = write(here, "rate = 2")
    if os.geteuid() == 0:
        os.chown(file, 12345, -1)
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(EtlError, match=r"^mlb-etl\.toml belongs to another user: if you trust it, name it"):
        Settings.from_environment()
    monkeypatch.setenv("MLB_ETL_CONFIG", str(file))
    assert Settings.from_environment().rate == 2
    monkeypatch.delenv("MLB_ETL_CONFIG")
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert Settings.from_environment().rate == 2


def test_a_profile_has_to_be_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_PROFILE", "prdo")
    with pytest.raises(EtlError, match="there is no settings file that could have the profile 'prdo'"):
        Settings.from_environment()
    write(here, "[profile.prod]\n[profile.dev]\n")
    with pytest.raises(EtlError, match=r"no profile 'prdo' \(did you mean \"prod\"\?\): it has dev, prod$"):
        Settings.from_environment()


def test_values_named_in_the_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked up where they are needed: a base that the profile replaces need not be there."""
    write(
        here,
        'dsn = {env = "BASE_DSN"}\ntimeout = {env = "SECONDS"}\n'
        '[headers]\nAuthorization = {env = "TOKEN", prefix = "Bearer "}\n'
        '[profile.p]\ndsn = "postgresql:///p"\n',
    )
    monkeypatch.setenv("SECONDS", "x")
    with pytest.raises(
        EtlError, match=r"^mlb-etl\.toml:1: dsn stands in the environment variable BASE_DSN, which is not"
    ):
        Settings.from_environment()
    monkeypatch.setenv("MLB_ETL_PROFILE", "p")
    with pytest.raises(EtlError, match=r"^SECONDS \(named at mlb-etl\.toml:2\) is 'x': 1 to 600 seconds are expected"):
        Settings.from_environment()
    monkeypatch.setenv("SECONDS", "9")
    found = Settings.from_environment()
    assert (found.dsn, found.timeout) == ("postgresql:///p", 9)
    with pytest.raises(
        EtlError, match=r":4: headers\.Authorization stands in the environment variable TOKEN, which is not set$"
    ):
        found.request_headers()
    monkeypatch.setenv("TOKEN", "a\r\nEvil: 1")
    with pytest.raises(EtlError, match=r"^TOKEN is not one line of ASCII, as the header Authorization needs it$"):
        found.request_headers()
    monkeypatch.setenv("TOKEN", "SECRET")
    assert found.request_headers() == {"Authorization": "Bearer SECRET"}
    assert "SECRET" not in repr(found)


def test_headers_of_a_profile_replace_those_of_the_same_name(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, '[headers]\nA = "1"\nB = "2"\n[profile.p.headers]\na = "3"\nC = "4"\n')
    monkeypatch.setenv("MLB_ETL_PROFILE", "p")
    assert Settings.from_environment().request_headers() == {"a": "3", "B": "2", "C": "4"}


SECRETS = [
    'dsn = "postgresql://u:pw@h/d"',
    'dsn = "host=h password=pw"',
    'live_cache = "redis://:pw@h"',
    '[headers]\nX-Api-Key = "pw"',
    '[profile.p]\ndsn = "postgresql://u:pw@h/d"',
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_that_others_can_read_is_warned_of(here: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    file = write(here, text)
    Settings.from_environment()
    assert caplog.messages == []
    file.chmod(0o640)
    Settings.from_environment()
    Settings.from_environment()
    (message,) = caplog.messages
    assert message.startswith(f"mlb-etl.toml:{1 + text.startswith('[profile')}: ")
    assert "others can read the file: run `chmod 600` on it, or write" in message
    assert "pw" not in message


def test_what_is_no_secret_is_not_warned_of(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(here, 'dsn = "postgresql://u@h/d?passfile=x"\n[headers]\nAccept = "a"\nAuthorization = {env = "X"}\n').chmod(
        0o644
    )
    Settings.from_environment()
    assert caplog.messages == []


def test_only_the_table_names_variables_of_ours() -> None:
    """What reads the environment elsewhere reads variables of others."""
    known = {each.variable for each in SETTINGS}
    read = re.compile(r"os\.(?:environ(?:\.get\(|\[)|getenv\()['\"](\w+)")
    names = {name for file in sorted(RUNTIME.rglob("*.py")) for name in read.findall(file.read_text())}
    names = {name for name in names if name.startswith("MLB_")}
    assert names
    assert names <= known


def test_the_table_describes_what_it_takes() -> None:
    """Its own default is a value, help is one line of words, and names are those of the environment."""
    for each in SETTINGS:
        assert each.variable in {None, f"MLB_ETL_{each.name.upper()}"}
        assert each.help == " ".join(each.help.split())
        assert not each.help.endswith(".")
        assert each.expects
        if each.default_text and each.where != "file":
            assert each.kind.read_text(each.default_text) == each.default


def test_editors_accept_what_we_accept() -> None:
    schema = file_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {*schema["properties"]} == {"profile", *(each.name for each in SETTINGS if each.in_file)}
    good = {"rate": "off", "timeout": 5, "dsn": {"env": "X"}, "headers": {"A": "b", "C": {"env": "D", "prefix": "x "}}}
    jsonschema.validate({**good, "profile": {"p": good}}, schema)
    unknown: list[dict[str, Any]] = [{"rte": 1}, {"profile": {"a b": {}}}]
    for wrong in (*unknown, {"timeout": 0}, {"timeout": "5"}, {"raw_encoding": "gzip"}, {"headers": {"A": 1}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


KEYS = st.from_regex(r"[a-z]{1,4}", fullmatch=True)
VALUES = st.sampled_from(["1", '"x"', "'''\n[a]\nb = 1\n'''", "[\n 1,\n # no\n]", "{a = 1}", '"""\n\\"""\n"""'])


@given(st.lists(st.tuples(st.booleans(), st.booleans(), VALUES), max_size=8))
def test_lines_of_keys_are_found(parts: list[tuple[bool, bool, str]]) -> None:
    """Whatever stands between: comments, texts and lists of several lines, headers of tables."""
    text, wanted, table = "", {}, tuple[str, ...]()
    for number, (before, indented, value) in enumerate(parts):
        table = (f"t{number}",) if before else table
        text += f"[t{number}]\n" if before else "# x = 1\n\n"
        wanted[(*table, f"k{number}")] = f"f:{text.count(chr(10)) + 1}:{1 + 2 * indented}"
        text += f"{'  ' * indented}k{number} = {value}\n"
    document = toml.parse("f", text.encode())
    assert {keys: document.place(keys) for keys in wanted} == wanted


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(EtlError):
        document = toml.parse("f", content)
        assert all(1 <= document.line((key,)) <= content.count(b"\n") + 1 for key in document.data)
