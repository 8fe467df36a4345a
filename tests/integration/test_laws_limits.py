"""Write law 7 where a capture could be refused after another one, and not by itself."""

from laws import Laws, documents, snapshot
from sample_tables.game import METHOD
from samples import at, response


def test_a_row_that_refers_to_another_one_than_before(sample: Laws) -> None:
    """As where the batter of a play is corrected, and the wrong one is in no list any more.

    A lake enforces no foreign keys.
    """
    sample.connection.execute(
        "ALTER TABLE sample.plays ADD CONSTRAINT follows FOREIGN KEY (game_pk, rbi, season) REFERENCES sample.plays"
        " (game_pk, at_bat_index, season) DEFERRABLE"
    )
    before, after = (snapshot(METHOD, 1, at(n), response(rbi=rbi)) for n, rbi in enumerate(([4] * 5, [3] * 4)))
    sample.arrive(before, after)
    assert documents(sample.run([1])) == (2, 0, 0, 0)
    assert sample.rows(1) == after.rows


def test_a_row_that_is_long(either: Laws) -> None:
    first, second = (snapshot(METHOD, 1, at(n), response(venue="a" * 9000, score=n)) for n in range(2))
    either.arrive(first, second)
    assert documents(either.run([1])) == (2, 0, 0, 0)
    assert either.rows(1) == second.rows
