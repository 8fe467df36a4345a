"""An analyst's notebook: what was thrown where and how fast, and who was to win. `marimo edit analyst.py` opens it."""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import os
    from datetime import date, timedelta

    import marimo as mo
    import matplotlib.pyplot as plt
    import numpy as np
    import polars as pl

    import mlb_etl

    return date, mlb_etl, mo, np, os, pl, plt, timedelta


@app.cell
def _(mo):
    mo.md("""
    # Pitches of a day, and a game's win expectancy

    With a simulator as the API, these are games of a **simulated league**: shapes and columns are real,
    the baseball is invented.
    """)


@app.cell
def _(date, mlb_etl, os, pl, timedelta):
    # the games of two weeks, captured and applied; those that are stored and over are not asked for again
    mlb_etl.init_schema()
    day = date.fromisoformat(os.environ.get("NOTEBOOK_DAY", "2024-07-02"))
    days = [day - timedelta(days=each) for each in range(int(os.environ.get("NOTEBOOK_DAYS", "14")))]
    mlb_etl.ingest("schedule_daily", date=days, transform=True)
    listed = mlb_etl.read("schedule.schedule_games").polars().filter(pl.col("schedule_date").is_in(days))
    mlb_etl.ingest("game_live_specific", game_pk=listed["game_pk"].unique().to_list(), transform=True)
    games = listed.filter(pl.col("schedule_date") == day)["game_pk"].unique().sort().to_list()[:4]
    return (games,)


@app.cell
def _(games, mlb_etl, mo, pl):
    pitches = mlb_etl.read("game.pitches").polars().filter(pl.col("game_pk").is_in(games))
    located = pitches.drop_nulls(["plate_x", "plate_z", "sz_top", "sz_bot"])
    mo.stop(located.is_empty(), mo.md("Nothing was measured of these games' pitches."))
    pitches.group_by("pitch_type").agg(pl.len(), pl.col("release_speed").mean()).sort("len", descending=True)
    return located, pitches


@app.cell
def _(located, pl, plt):
    def strike_zone():
        """Called strikes and balls as the catcher sees them; the zone is as wide as home plate, 17 inches."""
        figure, axes = plt.subplots(figsize=(5, 6), layout="constrained")
        taken = located.filter(pl.col("description").is_in(["called_strike", "ball"]))
        for text, colour in (("called_strike", "tab:red"), ("ball", "tab:blue")):
            of = taken.filter(pl.col("description") == text)
            axes.scatter(of["plate_x"], of["plate_z"], s=14, alpha=0.6, color=colour, label=text.replace("_", " "))
        low, high = located["sz_bot"].mean(), located["sz_top"].mean()
        axes.add_patch(plt.Rectangle((-17 / 24, low), 17 / 12, high - low, fill=False, linewidth=1.5))
        axes.set(
            aspect="equal", xlim=(-3, 3), ylim=(-0.5, 6), xlabel="feet from the middle of the plate", ylabel="feet"
        )
        axes.set_title(f"{taken.height} called strikes and balls")
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
        axes.set(xlabel="inning", ylabel="miles per hour", title=f"{fast.height} fastballs")
        return figure

    speed = velocity()
    speed
    return (speed,)


@app.cell
def _(mo):
    mo.md("""
    ## Win expectancy

    How often did the home team win from here? *Here* is the number of outs made in the game, 0 to 54, and the home
    team's lead. The answer is the share of **all other stored games** that came through that state and which the home
    team won. Few games come through any one state, so shares are smoothed: a game counts the less, the further
    its state is away, by a bell curve with a standard deviation of three outs and half a run. Extra innings
    count as the ninth, and leads of more than eight runs as eight. Runners, ballparks and teams are not looked at.
    A hundred games or more make it worth a look; the plot says how many there were.
    """)


@app.cell
def _(mlb_etl, pl):
    # games of nine innings that are over and won, and their states after each plate appearance
    over = mlb_etl.read("game.live_game_metadata").polars()
    over = over.filter(pl.col("coded_game_state") == "F", pl.col("scheduled_innings") == 9)
    won = (pl.col("home_score") > pl.col("away_score")).alias("won")
    over = over.filter(pl.col("home_score") != pl.col("away_score")).select(
        "game_pk", "home_team_name", "away_team_name", won
    )
    half = 2 * (pl.min_horizontal("inning", 9) - 1) + (pl.col("half_inning") == "bottom")
    states = (
        mlb_etl.read("game.live_game_plays")
        .polars()
        .drop_nulls(["inning", "outs", "home_score", "away_score"])
        .join(over, on="game_pk")
        .sort("game_pk", "at_bat_index")
        .with_columns(
            (3 * half.cast(pl.Int64) + pl.col("outs")).alias("outs_made"),
            (pl.col("home_score") - pl.col("away_score")).clip(-8, 8).cast(pl.Int64).alias("lead"),
            (pl.col("at_bat_index") == pl.col("at_bat_index").max().over("game_pk")).alias("last"),
        )
    )
    return over, states


@app.cell
def _(games, mo, np, pl, states):
    def expectancy(game):
        """A game's states, each with the home team's expectancy; its last one is the result."""
        its = states.filter(pl.col("game_pk") == game)
        others = states.filter(pl.col("game_pk") != game, ~pl.col("last")).unique(["game_pk", "outs_made", "lead"])

        def apart(column, deviation):
            return (np.subtract.outer(its[column].to_numpy(), others[column].to_numpy()) / deviation) ** 2

        weights = np.exp(-(apart("outs_made", 3) + apart("lead", 0.5)) / 2)
        share = weights @ others["won"].to_numpy() / weights.sum(axis=1)
        return its.with_columns(pl.Series("expectancy", np.where(its["last"], its["won"], share)))

    courses = [expectancy(game) for game in games if game in states["game_pk"]]
    mo.stop(not courses, mo.md("None of these games is over."))
    return courses, expectancy


@app.cell
def _(courses, over, pl, plt):
    def win_expectancy():
        """The game whose expectancy went up and down the most."""
        course = max(courses, key=lambda of: of["expectancy"].diff().abs().sum())
        figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
        axes.step(range(course.height), course["expectancy"], where="post")
        axes.axhline(0.5, color="black", linewidth=0.8)
        innings = course.with_row_index().group_by("inning", maintain_order=True).agg(pl.col("index").first())
        axes.set_xticks(innings["index"], [str(each) for each in innings["inning"]])
        axes.yaxis.set_major_formatter("{x:.0%}")
        axes.grid(axis="x", linewidth=0.4)
        end = course.row(-1, named=True)
        axes.set(
            ylim=(0, 1), xlim=(0, course.height - 1), xlabel="plate appearances, by inning", ylabel="home team wins"
        )
        axes.set_title(
            f"{end['away_team_name']} {end['away_score']} at {end['home_team_name']} {end['home_score']},"
            f" by the shares of {over.height - 1} other games",
            fontsize="medium",
        )
        return figure

    win = win_expectancy()
    win
    return (win,)


@app.cell
def _(os, speed, win, zone):
    if "NOTEBOOK_PLOTS" in os.environ:  # for programs that run this
        for name, figure in (("zone", zone), ("speed", speed), ("win", win)):
            figure.savefig(f"{os.environ['NOTEBOOK_PLOTS']}/{name}.png", dpi=110)


if __name__ == "__main__":
    app.run()
