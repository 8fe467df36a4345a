"""The tables of a method in a lake, as the tests of the laws look at them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from laws import Laws, Note, Places, Rows, Snapshot, kept

from mlb_contracts import Capture, Method, Table
from mlb_etl.apply.write import write_documents
from mlb_etl.extract.extract import extract
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import marks, quarantine, schema
from mlb_etl.stores.delta.captures import seen_table
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import Marks
from mlb_etl.stores.delta.quarantine import Quarantine
from mlb_etl.stores.delta.tables import DeltaTables
from mlb_etl.stores.interfaces.tables import Document

COMMITS = ("append", "change", "merge", "bump")  # the functions of `lake` that make a commit which can fail


class DeltaLaws(Laws):
    """The tables of a method in a lake."""

    enforces = frozenset({"checks"})

    def __init__(self, folder: Path | str, package: str, method: Method) -> None:
        self.method = method
        self.lake = Lake.at(str(folder))
        schema.apply(self.lake, package)
        self.database = Delta(self.lake, package)
        self._raw = self.database.open().raw(method)

    def arrive(self, *snapshots: Snapshot) -> None:
        self._store(snapshots)

    def rows(self, *games: int) -> Rows:
        of = (
            [tuple(row[each.name] for each in table.columns) for row in self._found(table, games)]
            for table in self.method.tables
        )
        return kept(self.method, of)

    def apply_one(self, of: Snapshot, method: Method | None = None) -> str:
        """Apply a capture that is not in the raw table, and return the verdict."""
        [verdict] = self.apply([of], method)
        return verdict

    def apply(self, of: Sequence[Snapshot], method: Method | None = None) -> Sequence[str]:
        """Apply captures of different games in one unit."""
        store = DeltaTables(self.lake, method or self.method)
        documents = [self._document(each, store, method or self.method) for each in of]
        return write_documents(store, method or self.method, documents).verdicts

    def _document(self, of: Snapshot, store: DeltaTables, method: Method) -> Document:
        rows = extract(method, Capture(of.as_of, of.response.path_params), of.response.data).rows
        stored = StoredCapture(
            (of.game_pk,),
            json.dumps({"game_pk": of.game_pk}),
            of.captured_at,
            of.as_of,
            of.digest,
            {},
            ahead=False,
            note=None,
            quarantine=None,
            applied=self.watermarks(of.game_pk).get(of.game_pk),
        )
        return Document(stored, store.pack(rows))

    def places(self, *games: int) -> Places:
        """When each row was written: no other facts tell whether it was."""
        return {
            table.qualified_name: {
                tuple(row[name] for name in table.identity): (str(row["ingested_at"]), str(row["captured_at"]))
                for row in self._found(table, games)
            }
            for table in self.method.tables
        }

    def watermarks(self, *games: int) -> dict[int, Watermark]:
        known = Marks(self.lake, self.method).read().items()
        return {_game(name): mark.shown for name, mark in known if mark.shown and _game(name) in games}

    def whole(self, *games: int) -> tuple[dict[int, Watermark], Rows]:
        """By the marks before and after, as docs/lake.md has it."""
        known, tables = Marks(self.lake, self.method), self.method.tables
        before = known.read()
        opened = [self.lake.open(table.schema, table.name) for table in tables]
        after = known.read()
        found = {
            _game(name): mark.shown
            for name, mark in before.items()
            if mark.shown is not None and mark.claimed is None and mark == after.get(name) and _game(name) in games
        }
        rows = (lakes.rows(each, where=lakes.any_of("game_pk", found)).to_pylist() for each in opened)
        of = ([tuple(row[each.name] for each in t.columns) for row in its] for t, its in zip(tables, rows, strict=True))
        return found, kept(self.method, of)

    def forget(self, *games: int) -> None:
        raw = self.lake.open(self.method.raw_schema, self.method.raw_table)
        captures = lakes.rows(raw, ["request", "documents"]).to_pylist()
        its = [row["request"] for row in captures if json.loads(row["documents"])[0]["keys"]["game_pk"] in games]
        names = [json.dumps({"game_pk": game}) for game in games]
        for table in (self.method.raw_table, seen_table(self.method)):
            self.lake.open(self.method.raw_schema, table).delete(lakes.any_of("request", its))
        for control in (marks.TABLE, quarantine.TABLE):
            self.lake.open(lakes.CONTROL, control).delete(lakes.any_of("document", names))
        for each in self.method.tables:
            self.lake.open(each.schema, each.name).delete(lakes.any_of("game_pk", games))

    def drop(self, *snapshots: Snapshot) -> None:
        Quarantine(self.lake, self.method.name).drop([self.numbers()[each.note] for each in snapshots])

    def _found(self, table: Table, games: Sequence[int]) -> list[Mapping[str, Any]]:
        wanted = lakes.any_of("game_pk", games)
        return lakes.rows(self.lake.open(table.schema, table.name), where=wanted).to_pylist()

    def _notes(self) -> dict[Note, tuple[str, int]]:
        entries = Quarantine(self.lake, self.method.name).entries().items()
        return {(_game(name[0]), *name[1:]): (state, number) for name, (number, state) in entries}


def _game(document: str) -> int:
    game: int = json.loads(document)["game_pk"]
    return game
