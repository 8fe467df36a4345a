"""`renamed_from`: the name of a column before the next migration, which nothing else has now."""

from collections.abc import Collection

from mlbgen.lower import naming
from mlbgen.lower.report import Report
from mlbgen.lower.written import Columns


def check(report: Report, columns: Columns, document: Collection[str]) -> None:
    """Report columns of a table that can't have been renamed; `document` are the keys of documents."""
    claimed: set[str] = set()
    for name, (place, column) in columns.items():
        old, at = column.renamed_from, place.at("renamed_from")
        if old is None:
            continue
        if name in document:
            message = f'"{name}" is a key of the document and can\'t be renamed'
            report.add("MG056", at, message, "captures and watermarks are stored by it: keep its name")
        elif old in columns:
            help_ = "it was not renamed: remove renamed_from, or remove that column"
            report.add("MG056", at, f'the table still has a column "{old}"', help_)
        elif old in {naming.CAPTURED_AT, naming.INGESTED_AT}:
            report.add("MG056", at, f'every table has a column "{old}"', "it was not renamed: remove renamed_from")
        elif old in claimed:
            report.add("MG056", at, f'another column is renamed from "{old}", too', "remove one of the two")
        claimed.add(old)
