"""An analyst's notebook: what was thrown where and how fast, and who was ahead. `marimo edit analyst.py` opens it."""

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
    # Pitches of a few games

    With a simulator as the API, these are games of a **simulated league**: shapes and columns are real,
    the baseball is invented.
    """)


@app.cell
def _(mlb_etl, os):
    # a day of games, captured and applied; nothing is asked for twice
    mlb_etl.init_schema()
    day = os.environ.get("NOTEBOOK_DAY", "2024-07-02")
    mlb_etl.ingest("schedule_daily", date=day, transform=True)
    games = sorted({row["game_pk"] for row in mlb_etl.read("schedule.schedule_games").dicts()})[:4]
    mlb_etl.ingest("game_live_specific", game_pk=games, transform=True).counts
    return (games,)


@app.cell
def _(games, mlb_etl, pl):
    pitches = mlb_etl.read("game.pitches").polars().filter(pl.col("game_pk").is_in(games))
    located = pitches.drop_nulls(["plate_x", "plate_z", "sz_top", "sz_bot"])
    pitches.group_by("pitch_type").agg(pl.len(), pl.col("release_speed").mean()).sort("len", descending=True)
    return located, pitches


@app.cell
def _(located, pl, plt):
    def strike_zone():
        """Called strikes and balls as the catcher sees them; the zone is as wide as home plate, 17 inches."""
        figure, axes = plt.subplots(figsize=(5, 6), layout="constrained")
        for text, colour in (("called_strike", "tab:red"), ("ball", "tab:blue")):
            of = located.filter(pl.col("description") == text)
            axes.scatter(of["plate_x"], of["plate_z"], s=14, alpha=0.6, color=colour, label=text.replace("_", " "))
        low, high = located["sz_bot"].mean(), located["sz_top"].mean()
        axes.add_patch(plt.Rectangle((-17 / 24, low), 17 / 12, high - low, fill=False, linewidth=1.5))
        axes.set(
            aspect="equal", xlim=(-3, 3), ylim=(-0.5, 6), xlabel="feet from the middle of the plate", ylabel="feet"
        )
        axes.set_title(f"{located.height} pitches, simulated league")
        axes.legend(loc="upper right")
        return figure

    zone = strike_zone()
    zone
    return (zone,)


@app.cell
def _(pitches, pl, plt):
    def velocity():
        """How fast the starters' and relievers' fastballs are, inning by inning."""
        fast = pitches.filter(pl.col("pitch_type").is_in(["FF", "SI", "FC"])).drop_nulls("release_speed")
        innings = sorted(fast["inning"].unique().to_list())
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        axes.boxplot([fast.filter(pl.col("inning") == each)["release_speed"].to_list() for each in innings], widths=0.6)
        axes.set_xticks(range(1, len(innings) + 1), [str(each) for each in innings])
        axes.set(xlabel="inning", ylabel="miles per hour", title=f"{fast.height} fastballs, simulated league")
        return figure

    speed = velocity()
    speed
    return (speed,)


@app.cell
def _(games, mlb_etl, pl):
    # the score after each plate appearance
    plays = mlb_etl.read("game.live_game_plays").polars().filter(pl.col("game_pk").is_in(games)).sort("at_bat_index")
    states = plays.with_columns((pl.col("home_score") - pl.col("away_score")).alias("lead"))
    return (states,)


@app.cell
def _(plt, states):
    def leads():
        """The home team's lead through each game. Four games say little of how often a lead wins."""
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        for (game,), of in states.group_by("game_pk", maintain_order=True):
            axes.step(range(1, of.height + 1), of["lead"], where="post", label=str(game))
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set(
            xlabel="plate appearance", ylabel="home runs ahead", title="Lead by plate appearance, simulated league"
        )
        axes.legend(title="game", fontsize="small")
        return figure

    lead = leads()
    lead
    return (lead,)


@app.cell
def _(lead, os, speed, zone):
    if "NOTEBOOK_PLOTS" in os.environ:  # for those who run this file as a program
        for name, figure in (("zone", zone), ("speed", speed), ("lead", lead)):
            figure.savefig(f"{os.environ['NOTEBOOK_PLOTS']}/{name}.png", dpi=110)


if __name__ == "__main__":
    app.run()
