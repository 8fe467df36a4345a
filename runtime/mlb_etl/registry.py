"""Finds the methods of the generated package, whose name only the settings know."""

from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from mlb_contracts import Method
from mlb_etl.errors import EtlError, shortened


def methods(package: str) -> dict[str, str]:
    """The package's methods, such as game.liveGameV1, and the modules that hold them."""
    if not all(map(str.isidentifier, package.split("."))):
        raise EtlError(f"MLB_ETL_TABLES is {shortened(package)}: the name of a package is expected, such as mlb_tables")
    try:
        found: dict[str, str] = import_module(package).METHODS
    except (ImportError, AttributeError) as error:
        raise EtlError(f"{package} is no package of generated tables: {error}; is MLB_ETL_TABLES right?") from error
    return found


def migrations(package: str) -> Traversable:
    """The folder of the package's migrations."""
    methods(package)
    return files(package) / "migrations"


def method(package: str, name: str) -> Method:
    """The method of that name; raises EtlError where there is none."""
    known = methods(package)
    if name not in known:
        raise EtlError(f"no mapping for {name}; {package} has {', '.join(sorted(known)) or 'none'}")
    try:
        loaded: Method = import_module(known[name]).METHOD
    except ModuleNotFoundError as error:
        raise EtlError(f"{package} is not as it was generated: {error}; run `mlbgen generate`") from error
    return loaded
