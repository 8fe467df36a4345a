"""The API for Python callers. Only this module and the command line choose a concrete database."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from mlb_etl import plugins, registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.errors import EtlError, shortened
from mlb_etl.settings import POSTGRES, Settings
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.interfaces.operations import DatabaseStatus, Version
from mlb_etl.stores.interfaces.viewing import Viewing
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.schema_drift import SchemaDifference
from mlb_etl.stores.postgres.viewing import PostgresViewing

if TYPE_CHECKING:
    from mlb_etl.export.run import Outcome
    from mlb_etl.jobs.worker import IngestResult
    from mlb_etl.reading.relation import Rows
    from mlb_etl.reading.response import Content, ResponseRows
    from mlb_etl.stores.interfaces.reading import Snapshot

Value: TypeAlias = str | int | date
"""A value of a request's or job's parameter."""


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The migrations, each with its state, and how the tables differ from what they created."""

    migrations: tuple[Version, ...]
    differences: tuple[SchemaDifference, ...]

    @property
    def up_to_date(self) -> bool:
        """Whether all migrations are applied and nothing is missing or changed; objects that users added do no harm."""
        applied = all(each.state == "applied" for each in self.migrations)
        return applied and all(each.state == "extra" for each in self.differences)


def database(settings: Settings) -> Database:
    """The database of the settings: PostgreSQL, or a lake if the DSN is delta:PLACE."""
    if settings.lake is None:
        return Postgres(settings)
    from mlb_etl.stores.delta.database import Delta  # noqa: PLC0415 - it needs an extra that may not be installed
    from mlb_etl.stores.delta.lake import Lake  # noqa: PLC0415

    return Delta(Lake.at(settings.lake), settings.tables)


def viewing(settings: Settings) -> Viewing:
    """The database of the settings for people who look at it; raises EtlError for a lake."""
    if settings.lake is not None:
        raise EtlError(
            "`mlb-etl ui` shows PostgreSQL databases, and this is a lake: `mlb-etl status`, `quarantine list` and"
            " `drift` with --target show the same of it in the terminal"
        )
    return PostgresViewing(settings)


def pipeline(name: str, *, dsn: str | None = None, workers: int = 1) -> Pipeline:
    """The pipeline of a method such as tracker.issues; `dsn` takes precedence over the environment."""
    settings = _settings(dsn)
    return Pipeline(registry.method(settings.tables, name), database(settings), workers)


def _settings(dsn: str | None) -> Settings:
    """The settings of the environment, for another database if one is given."""
    settings = Settings.from_environment()
    return settings if dsn is None else replace(settings, dsn=dsn)


def init_schema(*, dsn: str | None = None) -> list[str]:
    """Apply the pending migrations, as `mlb-etl schema init` does; return their names. For PostgreSQL."""
    settings = _settings(dsn)
    with db.connect(settings) as connection, db.translate_errors():
        return migrate.apply_pending(connection, settings.tables)


def schema_status(*, dsn: str | None = None) -> SchemaStatus:
    """The migrations and how the tables differ from them, as `mlb-etl schema status` shows. For PostgreSQL."""
    settings = _settings(dsn)
    with db.connect(settings) as connection, db.translate_errors():
        found = migrate.versions(connection, settings.tables)
        return SchemaStatus(tuple(found), tuple(migrate.differences(connection, settings.tables)))


def status(*, dsn: str | None = None) -> DatabaseStatus:
    """What is captured, applied, behind, in quarantine and failed, as `mlb-etl status` shows."""
    with database(_settings(dsn)).open() as stores:
        return stores.operations().status(plugins.changing())


def ingest(
    job: str,
    *,
    transform: bool = False,
    workers: int = 1,
    dsn: str | None = None,
    **parameters: Value | Sequence[Value],
) -> "IngestResult":
    """Request what a job describes and keep each response, as `mlb-etl ingest --job` does.

    `job` is a path or a name that `mlb-etl jobs list` shows; `parameters` are the job's, one value or several, and
    `transform` applies the captures. Failed requests are in the result; raises EtlError if the job can't run.
    """
    from mlb_etl.jobs import job_files  # noqa: PLC0415 - a reader needs no HTTP client
    from mlb_etl.jobs.ingest import IngestJob  # noqa: PLC0415
    from mlb_etl.jobs.worker import IngestOrder  # noqa: PLC0415

    settings = _settings(dsn)
    found = job_files.load_job(job, settings.tables)
    databases = {POSTGRES: database(settings)}
    order = IngestOrder(found, settings, databases, transform=transform, listings=plugins.listings())
    with closing(order.source()) as source:
        work = IngestJob(order, {name: _texts(given) for name, given in parameters.items()}, source)
        done = work.run(lambda _, __: None, workers=workers)[POSTGRES]
    if done.error is not None:
        raise EtlError(done.error)
    return done


def _texts(given: Value | Sequence[Value]) -> list[str]:
    return [str(given)] if isinstance(given, str | int | date) else [str(each) for each in given]


def read(name: str, *, season: int | Sequence[int] = (), dsn: str | None = None) -> "Rows":
    """The rows of a table or view, such as tracker.issues, to be had as Arrow, pandas, Polars or row models.

    Nothing is read before it is asked for. `season`: only rows of one or several seasons. Raises EtlError for a name
    that is not schema.table, and later for one that the database does not have.
    """
    from mlb_etl.reading.relation import Rows  # noqa: PLC0415 - a pipeline does not need it

    settings = _settings(dsn)
    if name.count(".") != 1:
        raise EtlError(f"{shortened(name)} is not a table or view: schema.table is expected")
    methods = (registry.method(settings.tables, each) for each in registry.methods(settings.tables))
    table = next((table for each in methods for table in each.tables if table.qualified_name == name), None)
    return Rows(name, [season] if isinstance(season, int) else season, table, lambda: snapshot(settings))


def rows(response: "Content", *, method: str | None = None, **parameters: Value) -> "ResponseRows":
    """All tables' rows of one response, without a database.

    `response` is decoded JSON, its text, or the path of a file with it, and may be a stub, which tells its request too.
    `method` is needed if that does not tell which method's response it is; `parameters` are those of the request, as
    far as rows need them. Raises Rejected, with the place in the response, if it can't be read.
    """
    from mlb_etl.reading.response import extract_rows  # noqa: PLC0415 - a pipeline does not need it

    tables = Settings.from_environment().tables
    return extract_rows(response, tables, method, {name: str(value) for name, value in parameters.items()})


def snapshot(settings: Settings) -> "Snapshot":
    """The database of the settings as it is now, to be read as Arrow data; raises EtlError if it is a lake."""
    if settings.lake is not None:
        raise EtlError("this reads PostgreSQL; other tools read the tables of a lake as they are: docs/lake.md")
    try:
        from mlb_etl.stores.postgres.reading import PostgresSnapshot  # noqa: PLC0415 - it needs an extra
    except ModuleNotFoundError as error:
        raise EtlError(f"{error.name} is not installed: pip install 'mlb-etl[export]'") from error
    return PostgresSnapshot(settings)


def export_to(
    to: str,
    *,
    tables: Sequence[str] = (),
    seasons: Sequence[int] = (),
    views: Sequence[str] = (),
    settings: Settings | None = None,
    tell: Callable[[int, int], None] = lambda _, __: None,
) -> "Outcome":
    """Export tables, all by default, and views to FORMAT:PLACE, as `mlb-etl export` does.

    `tell` is called with the number of tables and views done, and of all to be written. Raises EtlError.
    """
    from mlb_etl.export import choosing, places  # noqa: PLC0415 - a pipeline does not need it
    from mlb_etl.export.manifest import Selection  # noqa: PLC0415

    settings = settings or Settings.from_environment()
    place = places.parse(to)
    selection = Selection(tuple(sorted(tables)), tuple(sorted(seasons)), tuple(sorted(views)))
    chosen = choosing.choose(settings.tables, selection)
    with snapshot(settings) as moment:
        from mlb_etl.export import run  # noqa: PLC0415 - it needs an extra, as `snapshot` says

        with place.locked() as target:
            return run.export(moment, chosen, selection, target, tell)
