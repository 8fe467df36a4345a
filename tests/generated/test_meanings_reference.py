"""What columns of code tables, transactions, standings, drafts and probabilities claim, over all captured samples."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checks import some
from commands import sample_files, stub

from mlb_etl.capture import stub_files


def items(folder: Path, method: str) -> Iterator[dict[str, Any]]:
    """The items of all captured samples."""
    for file in sample_files(folder, method):
        answer = stub(file)["response"]
        yield from answer["transactions"] if isinstance(answer, dict) else answer


def test_codes_of_games_are_in_the_code_tables(stubs_dir: Path) -> None:
    """`status_code` and `game_type` of live feeds and schedules, with the same words."""
    states = {each["statusCode"]: each for each in items(stubs_dir, "config.gameStatus")}
    types = {each["id"] for each in items(stubs_dir, "config.gameTypes")}
    told: Counter[str] = Counter()
    for status, game_type in some(list(games(stubs_dir))):
        assert game_type in types
        known = states[status["statusCode"]]
        for name in ("abstractGameState", "codedGameState", "abstractGameCode"):
            assert known[name] == status.get(name, known[name])
        told["same words" if known["detailedState"].strip() == status["detailedState"].strip() else "others"] += 1
    assert told["same words"] > 50 * told["others"]


def games(folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The status and the type of each game in captured feeds and schedules."""
    for file in stub_files.find_stubs(folder / "game" / "liveGameV1"):
        data = stub(file)["response"]["gameData"]
        yield data["status"], data["game"]["type"]
    for file in stub_files.find_stubs(folder / "schedule" / "schedule"):
        for day in stub(file)["response"]["dates"]:
            yield from ((game["status"], game["gameType"]) for game in day["games"])


def test_what_the_columns_of_codes_claim(stubs_dir: Path) -> None:
    states = list(items(stubs_dir, "config.gameStatus"))
    words = Counter(each["detailedState"] for each in states)
    assert max(words.values()) > 1, "several codes can have the same words"
    assert any(each.endswith(" ") for each in words), "some end in a blank"
    assert {each["codedGameState"] for each in states} == {*"SPIMNOFDCTUQR", "X", "W"}
    assert {each["abstractGameState"] for each in states} == {"Preview", "Live", "Final", "Other"}
    assert {each["abstractGameState"] for each in states if each["codedGameState"] == "D"} == {"Final"}
    told = {each["codedGameState"]: each["detailedState"] for each in states}
    assert (told["W"], told["X"]) == ("Writing", "Unknown")
    situations = list(items(stubs_dir, "config.sitCodes"))
    assert max(Counter(each["description"] for each in situations).values()) > 1
    assert [each["sortOrder"] for each in situations] == sorted(each["sortOrder"] for each in situations)
    assert max(Counter(each["lookupName"] for each in items(stubs_dir, "config.rosterTypes")).values()) > 1


def test_what_the_columns_of_transactions_claim(stubs_dir: Path) -> None:
    rows = list(items(stubs_dir, "transactions.transactions"))
    order = Counter((each["effectiveDate"] > each["date"]) - (each["effectiveDate"] < each["date"]) for each in rows)
    assert order.keys() == {-1, 0, 1}, "effective before and after"
    assert sum("fromTeam" in each for each in rows) < len(rows) / 5, "NULL for most"
    assert not any("resolutionDate" in each for each in rows if each["typeCode"] == "OPT")
    assert {each["typeCode"]: each["typeDesc"] for each in rows}.items() >= {
        ("ASG", "Assigned"), ("OPT", "Optioned"), ("SFA", "Signed as Free Agent"),
    }  # fmt: skip
    released = [each for each in rows if each["typeCode"] == "REL"]
    assert all(" released " in each["description"] for each in some(released))
    by_it = Counter(each["description"].startswith(each["toTeam"]["name"]) for each in released)
    assert by_it[True] > by_it[False], "the others have the name that the team had"
    names = {each["toTeam"]["name"] for each in rows if each["toTeam"]["id"] == 114 and each["date"] < "2012"}
    assert names == {"Cleveland Guardians"}, "names of teams are those of the capture"
    assert any("Cleveland Indians" in each["description"] for each in rows), "those of descriptions are of the time"


def standings(folder: Path) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """The type, the row of each team in all captured standings, and all rows of its division."""
    for file in sample_files(folder, "standings.standings"):
        for record in stub(file)["response"]["records"]:
            for team in record["teamRecords"]:
                yield record["standingsType"], team, record["teamRecords"]


CLINCHED = {None: (False, False), "w": (True, False), "y": (True, True), "z": (True, True)}


def test_what_a_team_has_clinched(stubs_dir: Path) -> None:
    found = Counter[str | None]()
    for kind, team, _ in some(list(standings(stubs_dir))):
        indicator = team.get("clinchIndicator")
        found[indicator] += 1
        if kind == "springTraining":
            assert indicator is None
            continue
        assert (team["clinched"], team["divisionChamp"]) == CLINCHED[indicator]
        assert indicator != "w" or team["wildCardLeader"]
        if indicator in {"y", "z"}:
            assert (indicator == "z") == (team["leagueRank"] == "1")
    assert found.keys() == CLINCHED.keys()


def test_elimination_numbers_of_leaders_and_before_the_first_game(stubs_dir: Path) -> None:
    of_leaders = set()
    for kind, team, _ in some(list(standings(stubs_dir))):
        numbers = team.get("eliminationNumber"), team.get("wildCardEliminationNumber")
        if kind == "springTraining":
            assert numbers == (None, None)
        elif team["gamesPlayed"] == 0:
            assert numbers == ("-", "-")
        elif team["divisionLeader"]:
            of_leaders.add(numbers)
    assert of_leaders == {("-", "-"), ("-", None)}


def test_updates_of_past_seasons_can_be_years_later(stubs_dir: Path) -> None:
    behind = Counter[int]()
    for file in sample_files(stubs_dir, "standings.standings"):
        sample = stub(file)
        season = int(sample["query_params"]["season"])
        for record in sample["response"]["records"]:
            behind.update(int(team["lastUpdated"][:4]) - season for team in record["teamRecords"])
    assert behind.keys() == {0, 3, 4}


def test_the_record_of_the_league_repeats_all_but_the_share_before_the_first_game(stubs_dir: Path) -> None:
    shares = {
        (team["leagueRecord"]["pct"], team["winningPercentage"], team["gamesPlayed"] > 0)
        for _, team, _ in some(list(standings(stubs_dir)))
    }
    assert all(pct == own for pct, own, is_played in shares if is_played)
    assert [(pct, own) for pct, own, is_played in shares if not is_played] == [(".000", ".500")]


def number(text: str) -> float:
    return 0.0 if text == "-" else float(text)


def test_what_the_columns_of_standings_claim(stubs_dir: Path) -> None:
    claims: Counter[str] = Counter()
    for kind, team, division in some(list(standings(stubs_dir))):
        assert team["gamesPlayed"] == team["wins"] + team["losses"] + team["leagueRecord"].get("ties", 0)
        assert team["runDifferential"] == team["runsScored"] - team["runsAllowed"]
        assert {"wins": team["wins"], "losses": team["losses"]}.items() <= team["leagueRecord"].items()
        assert team["gamesPlayed"] == 0 or team["winningPercentage"] == team["leagueRecord"]["pct"]
        assert team["gamesPlayed"] > 0 or team["winningPercentage"] in {".000", ".500"}
        splits = {split["type"]: (split["wins"], split["losses"]) for split in team["records"]["splitRecords"]}
        for split in team["records"]["overallRecords"]:
            assert splits[split["type"]] == (split["wins"], split["losses"])
        own = (team["wins"], team["losses"])
        for one, other in (("home", "away"), ("left", "right"), ("day", "night"), ("grass", "turf")):
            assert tuple(map(sum, zip(splits[one], splits[other], strict=True))) == own, (one, other)
        assert kind == "springTraining" or sum(splits["lastTen"]) == min(10, team["gamesPlayed"])
        assert team["conferenceGamesBack"] == "-"
        if (streak := team.get("streak")) is not None:
            assert streak["streakCode"] == f"{streak['streakType'][0].upper()}{streak['streakNumber']}"
        assert (streak is None) == (team["gamesPlayed"] == 0)
        spring = kind == "springTraining"
        assert spring == ("sportRank" not in team) == ("springLeagueRank" in team)
        assert spring == ("hasWildcard" not in team) == ("clinched" not in team) == ("divisionChamp" not in team)
        if spring:
            assert {team["divisionGamesBack"], team["sportGamesBack"], team["wildCardGamesBack"]} == {"-"}
        else:
            assert team["springLeagueGamesBack"] == "-"
        if not spring and team["gamesPlayed"]:
            behind_the_leader(team, division, claims)
    assert claims.keys() == {"leaders", "others", "magic", "elimination", "E", "wild cards"}


def behind_the_leader(team: dict[str, Any], division: list[dict[str, Any]], claims: Counter[str]) -> None:
    """Games back, magic and elimination numbers, as the division's records make them."""
    first = next(each for each in division if each["divisionRank"] == "1")
    behind = (first["wins"] - first["losses"] - team["wins"] + team["losses"]) / 2
    assert number(team["gamesBack"]) == number(team["divisionGamesBack"]) == behind
    claims["leaders" if team is first else "others"] += 1
    assert team["divisionLeader"] == (team is first) == ("wildCardRank" not in team)
    left = 163 - first["wins"] - team["losses"]
    match team["eliminationNumber"]:
        case "-":
            assert team is first
        case "E":
            claims["E"] += 1
            assert left <= 0
        case text:
            claims["elimination"] += 1
            assert int(text) == left
    if team.get("magicNumber", "-") != "-":
        second = next(each for each in division if each["divisionRank"] == "2")
        claims["magic"] += 1
        assert int(team["magicNumber"]) == 163 - team["wins"] - second["losses"]
    if "wildCardLeader" in team:
        claims["wild cards"] += 1
        assert team["wildCardGamesBack"].startswith(("+", "-"))
        assert team["wildCardEliminationNumber"] == "-"


def test_what_the_columns_of_expected_records_claim(stubs_dir: Path) -> None:
    regular = [(team, division) for kind, team, division in standings(stubs_dir) if kind == "regularSeason"]
    for team, _ in some(regular):
        for expected in team["records"].get("expectedRecords", ()):
            games = expected["wins"] + expected["losses"]
            if expected["type"] == "xWinLoss":
                assert games == team["wins"] + team["losses"]
            elif team["gamesPlayed"]:
                assert games == 162


def test_what_the_columns_of_win_probability_claim(stubs_dir: Path) -> None:
    plays = list(items(stubs_dir, "game.getWinProbability"))
    before, same = 50.0, 0
    for number_, play in enumerate(some(plays)):
        within = sum(event.get("homeTeamWinProbabilityAdded", 0) for event in play["playEvents"])
        added = play["homeTeamWinProbabilityAdded"]
        assert play["homeTeamWinProbability"] == pytest.approx(before + within + added, abs=0.11), number_
        assert play["homeTeamWinProbability"] + play["awayTeamWinProbability"] == pytest.approx(100)
        assert ("leverageIndex" in play) == (number_ > 0)
        assert play["atBatIndex"] == number_
        assert play["contextMetrics"] == {}
        before, same = play["homeTeamWinProbability"], same + (within == 0)
    assert same < len(plays)
    assert {credit["credit"] for play in plays for credit in play["credits"]} == {"b_pa", "b_ab", "p_pa", "p_ab"}


def test_what_win_probability_adds_to_the_feed(stubs_dir: Path) -> None:
    plays = list(items(stubs_dir, "game.getWinProbability"))
    file = max((stubs_dir / "game" / "liveGameV1").glob("747175_*.json.gz"))
    fed = stub(file)["response"]["liveData"]["plays"]["allPlays"]
    added = set[str]()
    for play, own in some(zip(plays, fed, strict=True)):
        for name in ("result", "about", "count", "matchup", "pitchIndex", "actionIndex", "runnerIndex", "runners"):
            assert play[name] == own[name], name
        for event, same in zip(play["playEvents"], own["playEvents"], strict=True):
            assert same.items() <= event.items()
            added |= event.keys() - same.keys()
    taken = {"homeTeamWinProbability", "awayTeamWinProbability", "homeTeamWinProbabilityAdded", "leverageIndex"}
    assert added - taken == {"preCount", "officials", "defense", "offense", "contextMetrics"}
    assert added > taken


def test_what_the_columns_of_context_metrics_claim(stubs_dir: Path) -> None:
    for file in some(sample_files(stubs_dir, "game.getGameContextMetrics")):
        answer = stub(file)["response"]
        assert answer["game"]["status"]["codedGameState"] == "F"
        assert {answer["homeWinProbability"], answer["awayWinProbability"]} == {0, 100}
        assert answer["game"]["teams"]["home"]["isWinner"] == (answer["homeWinProbability"] == 100)
        assert not any(answer[f"{side}FieldSacFlyProbability"] for side in ("left", "center", "right"))


def test_what_the_columns_of_picks_claim(stubs_dir: Path) -> None:
    for file in some(sample_files(stubs_dir, "draft.draftPicks")):
        draft = stub(file)["response"]["drafts"]
        for round_ in some(draft["rounds"]):
            for pick in some(round_["picks"]):
                assert pick["pickRound"] == round_["round"]
                assert int(pick["year"]) == draft["draftYear"]
                assert pick["displayPickNumber"] == pick["pickNumber"]
                assert str(pick["person"]["id"]) in pick["headshotLink"]
                assert pick["isDrafted"] != pick["isPass"]
    codes = {
        pick["person"]["primaryPosition"]["code"]
        for file in sample_files(stubs_dir, "draft.draftPicks")
        for round_ in stub(file)["response"]["drafts"]["rounds"]
        for pick in round_["picks"]
    }
    assert codes == {*"123456789O"}


def test_which_drafts_know_values_and_cities(stubs_dir: Path) -> None:
    """Of a draft, all picks have them or none has."""
    values, cities = dict[int, set[bool]](), dict[int, set[bool]]()
    for file in sample_files(stubs_dir, "draft.draftPicks"):
        draft = stub(file)["response"]["drafts"]
        picks = [pick for round_ in draft["rounds"] for pick in round_["picks"]]
        values[draft["draftYear"]] = {pick.get("pickValue") is not None for pick in picks}
        cities[draft["draftYear"]] = {pick["school"].get("city") is not None for pick in picks}
    assert values == {2018: {True}, 2020: {True}}
    assert cities == {2018: {True}, 2020: {False}}
