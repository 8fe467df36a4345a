"""Finds the methods of the generated package, whose name is a setting."""

from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from mlb_contracts import Method
from mlb_etl.errors import EtlError, shortened


def methods(package: str) -> dict[str, str]:
    """The package's methods, such as tracker.issues, with the names of their modules."""
    if not package:
        raise EtlError("no package of tables is set: write tables in mlb-etl.toml, or set MLB_ETL_TABLES")
    if not all(map(str.isidentifier, package.split("."))):
        raise EtlError(f"MLB_ETL_TABLES is {shortened(package)}: the name of a package is expected, such as my_tables")
    try:
        found: dict[str, str] = import_module(package).METHODS
    except (ImportError, AttributeError) as error:
        raise EtlError(f"{package} is not a package of generated tables: {error}; is MLB_ETL_TABLES right?") from error
    return found


def migrations_folder(package: str) -> Traversable:
    """The package's folder of migrations."""
    methods(package)
    return files(package) / "migrations"


def with_hydrations(package: str, name: str) -> list[str]:
    """The names of a method and of its hydrations, all of which its captures may fill."""
    known = methods(package)
    own = _aliases(package).get(name, name)
    return [own, *sorted(each for each in known if each.startswith(f"{own}:"))]


def captured_names(package: str) -> frozenset[str]:
    """The names under which the package's methods are captured: their own and those of their forms."""
    return frozenset((*methods(package), *_aliases(package)))


def method(package: str, name: str) -> Method:
    """The method with that name, or with a form of that name; raises EtlError if there is none."""
    known = methods(package)
    module = known.get(_aliases(package).get(name, name))
    if module is None:
        raise EtlError(f"no mapping for {name}; {package} has {', '.join(sorted(known)) or 'none'}")
    try:
        loaded: Method = import_module(module).METHOD
    except ModuleNotFoundError as error:
        raise EtlError(f"{package} was changed after it was generated: {error}; run `mlbgen generate`") from error
    return loaded


def _aliases(package: str) -> Mapping[str, str]:
    """The methods, by the names of those forms that have a different one."""
    found: Mapping[str, str] = getattr(import_module(package), "ALIASES", {})
    return found
