"""Prints values that could not be read, as several commands list them."""

from mlb_etl.cli import report
from mlb_etl.cli.tables import format_number, print_paragraph
from mlb_etl.stores.interfaces.operations import UnreadablePath


def print_unreadable(each: UnreadablePath) -> None:
    """Print the unreadable values of a path, with an example."""
    what = (
        f"{format_number(each.values)} unreadable values of {each.path}, in {format_number(each.documents)} documents"
    )
    print_paragraph(f"{each.method}: {what}, are NULL in {each.table}, for example")
    print_paragraph(f"{report.document_text(each.document)}: {each.place} is {each.value}: {each.reason}", indent=2)
