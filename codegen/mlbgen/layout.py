"""Where a project keeps generated files, according to `[tool.mlbgen]` in its pyproject.toml."""

import keyword
import re
import tomllib
from pathlib import Path

from mlbgen.language.errors import MlbgenError

PACKAGE = "mlb_tables"
MAPPINGS = "schemas/mappings"
VIEWS = "schemas/views"
MAPPING_SCHEMA = "schemas/mapping.schema.json"
MIGRATIONS = "migrations"
_FILE = "pyproject.toml"
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
_TAKEN = frozenset(("mlb_contracts", "mlb_etl", "mlb_sim", "mlbgen", "mlbgen_templates"))


def package(root: Path) -> str:
    """The import name of the generated package. Raises MlbgenError for an unusable file or name."""
    try:
        settings = tomllib.loads((root / _FILE).read_bytes().decode()).get("tool", {}).get("mlbgen", {})
    except OSError as error:
        raise MlbgenError(f"{root / _FILE}: can't be read: {error.strerror}") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise MlbgenError(f"{root / _FILE}: is not TOML with tables `tool` and `tool.mlbgen`: {error}") from error
    if not isinstance(settings, dict) or settings.keys() - {"package"}:
        raise MlbgenError(f'{root / _FILE}: tool.mlbgen only knows the key `package`, as in package = "{PACKAGE}"')
    name = settings.get("package", PACKAGE)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
        message = "expected an unused name of lower-case letters, digits and underscores"
        raise MlbgenError(f"{root / _FILE}: tool.mlbgen.package is {name!r:.80}: {message}, such as {PACKAGE}")
    return name


def generated(package: str = PACKAGE) -> str:
    """The folder of the generated package in the project."""
    return f"generated/{package}"


def migrations(package: str = PACKAGE) -> str:
    """The folder of the migrations in the project."""
    return f"{generated(package)}/{MIGRATIONS}"
