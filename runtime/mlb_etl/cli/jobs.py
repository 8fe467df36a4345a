"""mlb-etl jobs: the jobs that are known by name, and the format of job files."""

import click

from mlb_etl.cli import completing, report
from mlb_etl.cli.pending import pending
from mlb_etl.jobs import job_files, spec


@click.group("jobs")
def group() -> None:
    """List the jobs of the project, and show how to write a job file.

    \b
    Example:
      mlb-etl jobs list
    """


@group.command("list")
@report.FORMAT
def list_(*, form: str) -> None:
    """List the jobs in config/jobs and those of installed packages, which --job takes by name.

    \b
    Example:
      mlb-etl jobs list
    """
    found = [job_files.read_job(file) for file in job_files.known().values()]
    if form == "json":
        report.print_json([{"job": job.name, "description": job.description} for job in found])
    else:
        report.print_table(("job", "what it does"), [(job.name, job.description) for job in found])


@group.command()
@click.argument("name", shell_complete=completing.jobs)
def show(*, name: str) -> None:
    """Print the file of a job, as a start for another one.

    \b
    Example:
      mlb-etl jobs show issues > mine.yaml
    """
    click.echo(job_files.find_job(name).read_text(), nl=False)


@group.command()
def schema() -> None:
    """Print the JSON Schema of job files, with which editors complete and check them.

    \b
    Example:
      mlb-etl jobs schema > job.schema.json
    """
    click.echo(spec.job_schema(), nl=False)


group.add_command(pending)
