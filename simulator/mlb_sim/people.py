"""People: players, coaches and umpires, all invented."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from mlb_sim import positions, words
from mlb_sim.draw import Draw
from mlb_sim.positions import Position

_SIDES = {"R": "Right", "L": "Left", "S": "Switch"}
_HOMES = ("USA", "USA", "USA", "Dominican Republic", "Venezuela", "Cuba", "Japan")


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A person with an id. Ratings are in standard deviations from the league's mean."""

    id: int
    first: str
    middle: str
    family: str
    suffix: str
    number: str
    position: Position
    bats: str
    throws: str
    born: date
    debut: date
    inches: int
    pounds: int
    hitting: float = 0.0
    power: float = 0.0
    eye: float = 0.0
    speed: float = 0.0
    pitching: float = 0.0
    control: float = 0.0
    endurance: int = 0  # pitches after which he tires

    @property
    def name(self) -> str:
        """First and family name."""
        return f"{self.first} {self.full_family}"

    @property
    def full_family(self) -> str:
        """The family name with its suffix."""
        return f"{self.family} {self.suffix}" if self.suffix else self.family

    @property
    def short_name(self) -> str:
        """The name in a box score."""
        return f"{self.full_family}, {self.first[0]}"

    @property
    def link(self) -> str:
        """The path of the person in the API."""
        return f"/api/v1/people/{self.id}"

    @property
    def zone(self) -> tuple[float, float]:
        """Upper and lower edge of his strike zone in feet."""
        return round(self.inches * 0.0472, 3), round(self.inches * 0.0216, 3)


def make(draw: Draw, person_id: int, number: str, position: Position, season: int) -> Person:
    """An invented person with ratings for this position."""
    pitcher = position == positions.PITCHER
    age = draw.whole(21, 38)
    throws = "L" if draw.chance(0.28 if pitcher else 0.08) else "R"
    return Person(
        id=person_id,
        first=draw.pick(words.FIRST_NAMES),
        middle=draw.pick(words.FIRST_NAMES) if draw.chance(0.85) else "",
        family=draw.pick(words.FAMILY_STARTS) + draw.pick(words.FAMILY_ENDS),
        suffix="Jr." if draw.chance(0.03) else "",
        number=number,
        position=position,
        bats=throws if pitcher else draw.weighted((("R", 0.58), ("L", 0.32), ("S", 0.1))),
        throws=throws,
        born=date(season - age, draw.whole(1, 12), draw.whole(1, 28)),
        debut=date(season - draw.whole(1, max(1, age - 21)), draw.whole(4, 9), draw.whole(1, 28)),
        inches=draw.whole(69, 78),
        pounds=draw.whole(165, 245),
        hitting=-4.0 if pitcher else draw.around(0, 1),
        power=-3.0 if pitcher else draw.around(0, 1),
        eye=-3.0 if pitcher else draw.around(0, 1),
        speed=-1.0 if pitcher else draw.around(0.5 if position in {"4", "6", "8"} else -0.2, 1),
        pitching=draw.around(0, 1),
        control=draw.around(0, 1),
    )


def reference(person: Person) -> dict[str, Any]:
    """The short form in which other documents name a person."""
    return {"id": person.id, "fullName": person.name, "link": person.link}


def side(code: str) -> dict[str, str]:
    """A side or hand: L, R or S."""
    return {"code": code, "description": _SIDES[code]}


def slug(text: str) -> str:
    """Letters without accents, in lower case, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(plain.lower().replace(".", "").split())


@lru_cache(maxsize=4096)
def document(person: Person, today: date) -> dict[str, Any]:
    """The full biography, with the age on this day. It is shared, so it must not be changed."""
    had_birthday = (today.month, today.day) >= (person.born.month, person.born.day)
    rng = Draw("biography", person.id)
    home = rng.pick(_HOMES)
    city, _, state = rng.pick(words.CITIES)
    middle = f" {person.middle}" if person.middle else ""
    full, family, initial = person.name, person.full_family, person.first[0]
    optional = {
        "middleName": person.middle or None,
        "nickName": rng.pick(words.NICKNAMES) if rng.chance(0.3) else None,
        "nameMatrilineal": rng.pick(words.FAMILY_STARTS) + rng.pick(words.FAMILY_ENDS) if rng.chance(0.2) else None,
        "draftYear": person.debut.year - rng.whole(1, 4) if home == "USA" else None,
        "pronunciation": slug(person.family) if rng.chance(0.3) else None,
        "lastPlayedDate": f"{person.debut.year}-09-{rng.whole(10, 28)}" if rng.chance(0.02) else None,
        "nameTitle": person.suffix or None,
        "nameSuffix": person.suffix or None,
        "birthStateProvince": state if home == "USA" else None,
    }
    top, bottom = person.zone
    return {
        "id": person.id,
        "fullName": full,
        "link": person.link,
        "firstName": person.first,
        "lastName": person.family,
        "primaryNumber": person.number,
        "birthDate": person.born.isoformat(),
        "currentAge": today.year - person.born.year - (not had_birthday),
        "birthCity": city,
        "birthCountry": home,
        "height": f"{person.inches // 12}' {person.inches % 12}\"",
        "weight": person.pounds,
        "active": True,
        "primaryPosition": positions.DOCUMENTS[person.position],
        "useName": person.first,
        "useLastName": family,
        "boxscoreName": person.short_name,
        "gender": "M",
        "isPlayer": True,
        "isVerified": rng.chance(0.6),
        "mlbDebutDate": person.debut.isoformat(),
        "batSide": side(person.bats),
        "pitchHand": side(person.throws),
        "nameFirstLast": full,
        "nameSlug": f"{slug(full)}-{person.id}",
        "firstLastName": full,
        "lastFirstName": f"{family}, {person.first}",
        "lastInitName": f"{family}, {initial}",
        "initLastName": f"{initial} {family}",
        "fullFMLName": f"{person.first}{middle} {family}",
        "fullLFMName": f"{family}, {person.first}{middle}",
        "strikeZoneTop": top,
        "strikeZoneBottom": bottom,
        **{name: value for name, value in optional.items() if value is not None},
    }
