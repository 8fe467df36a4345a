"""Finds the methods of the generated package, whose name only the settings know."""

from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from mlb_etl.contracts import Method
from mlb_etl.errors import EtlError


def methods(package: str) -> dict[str, str]:
    """The package's methods, such as game.liveGameV1, and the modules that hold them."""
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
    loaded: Method = import_module(known[name]).METHOD
    return loaded
