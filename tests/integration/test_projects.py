"""Projects about other APIs, from an empty folder, in an environment that has the wheel without baseball alone.

The two examples, and what `mlbgen init` writes: checks, recipes and tests, and that nothing of baseball is in them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from checks import some

ROOT = Path(__file__).parents[2]
EXAMPLES = ("tracker", "weather")
TOKEN = {"SHOP_TOKEN": "t0ken-of-the-shop"}
BASEBALL = re.compile(
    r"baseball|\bgames?\b|game_?pk|\binnings?\b|\bpitch|\bbatter|\bmlb stats|statsapi|mlb_tables|mlb_sim|\bseasons?\b"
    r"|live ?feed|\bsport|\bteams?\b|747175|timecode|\bouts\b|message_?number|\bplayer|\bumpire|\bvenue|live_games",
    re.IGNORECASE,
)


class Installed:
    """An environment with the wheel, its extras `codegen` and `embedded`, and what a project's tests need."""

    def __init__(self, work: Path) -> None:
        self.folder = work / "venv"
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(work / "dist")]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        [wheel] = (work / "dist").glob("*.whl")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.folder)], check=True)
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(self.folder / "bin" / "python")]
        pins = ["--constraint", str(ROOT / "requirements" / "dev.txt")]
        wanted = [f"mlb-etl[codegen,embedded] @ file://{wheel}", "pytest", "rust-just"]
        subprocess.run([*uv, *pins, *wanted], cwd=work, check=True, env=self.environment(uv=True))

    def environment(self, *, uv: bool = False) -> dict[str, str]:
        """Nothing of this checkout: no variables of tests, no path to it."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("MLB", "PYTHON", "VIRTUAL_ENV"))
        }
        before = own["PATH"] if uv else "/usr/local/bin:/usr/bin:/bin"
        return own | {"PATH": f"{self.folder / 'bin'}:{before}", "MLB_ETL_RATE": "off"}

    def run(self, folder: Path, command: str, code: int = 0, **variables: str) -> str:
        done = subprocess.run(
            ["sh", "-euc", command],
            cwd=folder, env=self.environment() | variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("projects"))


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An example, as git has it, in a folder of its own."""
    name = request.param
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"examples/{name}"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    for file in some(filter(None, listed)):
        to = tmp_path / Path(file).relative_to("examples")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, to)
    return tmp_path / name


@pytest.mark.timeout(600)  # each runs the tests of a project, which start servers
def test_an_example_is_green_from_an_empty_folder(installed: Installed, example: Path) -> None:
    for recipe in ("check", "generate", "check", "load"):
        installed.run(example, f"just {recipe}")
    installed.run(example, "mlb-etl db stop")
    assert " passed" in installed.run(example, "just test")


def test_an_example_knows_its_own_api_alone(installed: Installed, example: Path, empty_database: str) -> None:
    """Not in its files, its settings, the tables that it makes, and what it prints."""
    for file in some(each for each in example.rglob("*") if each.is_file()):
        assert not BASEBALL.search(file.read_text(errors="replace")), file
    on = {"MLB_ETL_DSN": empty_database, "TRACKER_TOKEN": "t"}
    installed.run(example, "mlb-etl schema init", **on)
    said = [
        installed.run(example, command, **on)
        for command in (
            "mlb-etl config show", "mlb-etl jobs list", "mlb-etl status", "mlb-etl schema status",
            "mlb-etl load samples", "mlb-etl jobs schema", "mlbgen schema",
        )
    ]  # fmt: skip
    described = "SELECT format('%s %s', objoid::regclass, description) FROM pg_description WHERE objoid >= 16384"
    said.append(installed.run(example, f'mlb-etl db psql -- --command="{described}"', **on))
    for text in some(said):
        assert not BASEBALL.search(text), text


def test_help_names_no_api(installed: Installed, tmp_path: Path) -> None:
    listed = installed.run(tmp_path, "mlb-etl --help")
    assert not re.search(r"^  (live|backfill|test) ", listed, re.MULTILINE)
    walk = """
import click
from mlb_etl.cli import cli
from mlbgen.cli import commands
def shown(command, context, path):
    found = click.Context(command, info_name=path, parent=context)
    print(command.get_help(found))
    for name in command.list_commands(found) if isinstance(command, click.Group) else ():
        shown(command.get_command(found, name), found, name)
shown(cli, None, "mlb-etl")
shown(commands, None, "mlbgen")
"""
    (tmp_path / "walk.py").write_text(walk)
    text = installed.run(tmp_path, "python walk.py")
    assert text.count("Usage:") > 50
    assert [line for line in text.splitlines() if BASEBALL.search(line)] == []


def test_no_text_of_the_wheel_names_an_api(installed: Installed, tmp_path: Path) -> None:
    """Settings, metrics, errors, SQL and templates: whatever the code can print or write, but for its own names.

    Released migrations can't change; the last one replaces what they said. `season` is a column that tables may have,
    by which they can be exported and dropped; options for it are there with a plug-in that knows the parameter.
    """
    (tmp_path / "texts.py").write_text(TEXTS)
    lines = installed.run(tmp_path, "python texts.py").splitlines()
    assert len(lines) > 3000
    released = {"V1__control_tables.sql", "V2__drift.sql"}
    found = [line for line in lines if BASEBALL.search(line.partition(": ")[2])]
    found = [line for line in found if Path(line.partition(":")[0]).name not in released]
    assert [line for line in found if not re.search(r"\bseasons?\b", line)] == []


TEXTS = """
import ast
from importlib.resources import files
from pathlib import Path

def of_code(text):
    tree = ast.parse(text)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # for readers of the code
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value

for package in ("mlb_contracts", "mlb_etl", "mlbgen", "mlbgen_templates"):
    for file in sorted(Path(str(files(package))).rglob("*")):
        if file.is_file() and file.suffix not in {".pyc", ".woff2", ".png", ".ico"}:
            text = file.read_text()
            for each in of_code(text) if file.suffix == ".py" else [text]:
                for line in each.splitlines():
                    print(f"{file}: {line}")
"""


@contextmanager
def shop(pages: int) -> Iterator[str]:
    """A server with pages of items, as the project that `init` writes expects them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = int(self.path.partition("page=")[2] or 1)
            item = {
                "id": page,
                "name": f"N{page}",
                "status": "open",
                "updated_at": "2024-07-01T00:00:00Z",
                "tags": ["a"],
            }
            allowed = self.headers["Authorization"] == f"Bearer {TOKEN['SHOP_TOKEN']}"
            body = json.dumps({"items": [item] if page <= pages else [], "total": pages}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.timeout(600)
def test_a_new_project_is_ready_and_gets_a_method(installed: Installed, tmp_path: Path) -> None:
    with shop(3) as url:
        installed.run(tmp_path, f"mlbgen init my-shop --base-url {url} --token SHOP_TOKEN")
        project = tmp_path / "my-shop"
        assert (project / "generated" / "my_shop" / "py.typed").is_file()
        for recipe in ("check", "generate", "check", "load", "test"):
            installed.run(project, f"just {recipe}", **TOKEN)
        refused = installed.run(project, "just ingest", code=1)
        assert "SHOP_TOKEN" in refused
        installed.run(project, "just ingest", **TOKEN)
        shown = installed.run(project, "just query 'SELECT name FROM example.items ORDER BY item_id'")
        assert re.findall(r"N\d|First", shown) == ["N1", "N2", "N3"], "the samples are older"

        fetched = "mlb-etl fetch /items --param page=2 --as shop.goods"
        told = installed.run(project, fetched, **TOKEN)
        [file] = (project / "samples" / "shop" / "goods").iterdir()
        assert file.name in told
        assert "t0ken" not in file.read_text()
        for command in (
            "mlbgen add shop goods --from samples/shop",
            "just generate",
            "mlbgen migrate shop_goods_tables",
            "just check",
        ):
            installed.run(project, command)
        installed.run(project, "just load")
        assert "N2" in installed.run(project, "just query 'SELECT * FROM shop.item'")
        again = installed.run(project, "mlbgen add shop goods --from samples/shop", code=1)
        assert "has a mapping" in again
        installed.run(project, "mlb-etl db stop")


@pytest.mark.parametrize("name", ["json", "class", "mlb-etl", "pytest", "9lives", "a b", "-x"])
def test_a_name_that_can_not_be_imported_is_refused(installed: Installed, tmp_path: Path, name: str) -> None:
    said = installed.run(tmp_path, f"mlbgen init -- '{name}'", code=1)
    assert "give the project another name" in said or "is not a project's name" in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_left_alone(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mine.txt").write_text("mine")
    assert "not empty" in installed.run(tmp_path, "mlbgen init shop", code=1)
    assert [each.name for each in (tmp_path / "shop").iterdir()] == ["mine.txt"]
