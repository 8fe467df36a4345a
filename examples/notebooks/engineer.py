"""An engineer's notebook: what a run did, what is stored, and what a correction changes. `marimo edit engineer.py`."""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import os
    import marimo as mo
    import matplotlib.pyplot as plt
    import polars as pl

    import mlb_etl

    return mlb_etl, mo, os, pl, plt


@app.cell
def _(mo):
    mo.md("""
    # A day of a pipeline

    With a simulator as the API, the games are those of a **simulated league**.
    """)


@app.cell
def _(mlb_etl, os):
    mlb_etl.init_schema()
    day = os.environ.get("NOTEBOOK_DAY", "2024-07-02")
    mlb_etl.ingest("schedule_daily", date=day, transform=True)
    games = sorted({row["game_pk"] for row in mlb_etl.read("schedule.schedule_games").dicts()})[:4]
    done = mlb_etl.ingest("game_live_specific", game_pk=games, transform=True)
    done.counts
    return (games,)


@app.cell
def _(games, mlb_etl):
    # the same games again: an unchanged answer is counted, and writes no row
    again = mlb_etl.ingest("game_live_specific", game_pk=games, transform=True)
    again.captured.seen, again.captured.stored
    return (again,)


@app.cell
def _(mlb_etl, pl):
    state = mlb_etl.status()
    standing = pl.DataFrame(
        [
            (each.method, each.captures, each.applied, each.behind, each.quarantined)
            for each in state.methods
            if each.captures
        ],
        schema=["method", "captures", "applied", "behind", "quarantined"],
        orient="row",
    )
    standing
    return standing, state


@app.cell
def _(mlb_etl, state):
    # what an operator looks at first
    {"schema up to date": mlb_etl.schema_status().up_to_date, "asks for attention": state.asks_for_attention}


@app.cell
def _(mlb_etl, os):
    # to take away; the second time only what changed is written
    place = os.environ.get("NOTEBOOK_EXPORT", "export.duckdb")
    first = mlb_etl.export_to(f"duckdb:{place}")
    second = mlb_etl.export_to(f"duckdb:{place}")
    return first, second


@app.cell
def _(first, pl, plt):
    rows = pl.DataFrame([(each.name, each.rows) for each in first.relations], schema=["table", "rows"], orient="row")
    largest = rows.sort("rows", descending=True).head(12).reverse()

    def sizes():
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        axes.barh(largest["table"], largest["rows"], color="tab:blue")
        axes.set(xlabel="rows", title="The largest tables, simulated league")
        return figure

    size = sizes()
    size
    return (size,)


@app.cell
def _(os, second, size):
    if "NOTEBOOK_PLOTS" in os.environ:  # for programs that run this
        size.savefig(f"{os.environ['NOTEBOOK_PLOTS']}/size.png", dpi=110)
        assert sum(each.written for each in second.relations) == 0


if __name__ == "__main__":
    app.run()
