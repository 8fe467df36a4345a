"""mlb-etl views: the views over the tables, and refreshing those that are materialized."""

from dataclasses import asdict

import click

from mlb_etl.cli import completing, report
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres import views as work


@click.group("views")
def group() -> None:
    """List the views over the tables, and refresh those that are materialized.

    \b
    Examples:
      mlb-etl views list
      mlb-etl views refresh
    """


@group.command("list")
@report.FORMAT
def list_(*, form: str) -> None:
    """List all views that read the tables, your own included, each after those that it reads.

    For a materialized view it shows its unique key, about how many rows it has and how many bytes it takes. PostgreSQL
    does not record when it was refreshed.

    \b
    Examples:
      mlb-etl views list
      mlb-etl views list --format json
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection, db.translate_errors():
        migrate.require(connection, settings.tables, writing=False)
        found = work.list_views(connection, settings.tables)
    if form == "json":
        report.print_json([{"view": each.qualified_name, **asdict(each)} for each in found])
        return
    rows = [
        (
            each.qualified_name,
            "" if not each.materialized else "materialized" if each.populated else "never refreshed",
            ", ".join(each.key or ()),
            "" if each.rows is None else each.rows,
            "" if each.size is None else each.size,
        )
        for each in found
    ]
    report.print_table(("view", "kind", "key", "rows, about", "bytes"), rows)


@group.command()
@click.argument("names", nargs=-1, metavar="[SCHEMA.VIEW]...", shell_complete=completing.views)
@report.FORMAT
@click.pass_context
def refresh(ctx: click.Context, *, names: tuple[str, ...], form: str) -> None:
    """Refresh materialized views, all or those named, each after those that it reads.

    A view with a unique key is refreshed concurrently: readers see the old rows until it is done. Readers of one
    without, or of one that was never filled, wait. One that fails does not hold back the others.

    The exit code is 1 if a view could not be refreshed.

    \b
    Examples:
      mlb-etl views refresh
      mlb-etl views refresh tracker.open_issues
      mlb-etl views refresh --format json
    """
    settings = Settings.from_environment()
    with db.connect(settings) as connection, db.translate_errors():
        migrate.require(connection, settings.tables)
        chosen = work.materialized_views(connection, settings.tables, names)
        done = [work.refresh(connection, each) for each in chosen]
    if form == "json":
        report.print_json([asdict(each) for each in done])
    for each in done if form == "text" else ():
        if each.why is None:
            click.echo(f"refreshed {each.view} {each.how} in {each.seconds:.1f} s")
        else:
            click.echo(f"not refreshed: {each.view}: {each.why}")
    if not done and form == "text":
        click.echo("the database has no materialized views")
    ctx.exit(1 if any(each.why is not None for each in done) else 0)
