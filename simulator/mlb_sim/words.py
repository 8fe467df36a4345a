"""Parts of names: invented cities, clubs and family names. None refers to a real person or club."""

CITIES: tuple[tuple[str, str, str], ...] = (  # city, state, abbreviation of the state; all invented
    ("Alder Falls", "North Calder", "NK"),
    ("Brackwater", "Tidewold", "TW"),
    ("Cinder Bay", "Westmarch", "WM"),
    ("Dunmore Heights", "North Calder", "NK"),
    ("Eastwick Harbor", "Tidewold", "TW"),
    ("Fallowmere", "Greatplain", "GP"),
    ("Garnet Ridge", "High Sierra", "HS"),
    ("Hollin Springs", "Southvale", "SV"),
    ("Ironbridge", "Lakeland", "LL"),
    ("Juniper Flats", "High Sierra", "HS"),
    ("Kestrel Point", "Westmarch", "WM"),
    ("Larkhaven", "Southvale", "SV"),
    ("Mossgate", "Lakeland", "LL"),
    ("Northolm", "Greatplain", "GP"),
    ("Oakhurst Landing", "Lakeland", "LL"),
    ("Pinnacle Creek", "High Sierra", "HS"),
    ("Quillport", "Tidewold", "TW"),
    ("Redstone Mesa", "Sunward", "SW"),
    ("Saltmarsh", "Westmarch", "WM"),
    ("Thornbury", "North Calder", "NK"),
    ("Umberfield", "Greatplain", "GP"),
    ("Verdant Hills", "Southvale", "SV"),
    ("Wolfs Crossing", "Sunward", "SW"),
    ("Yarrow Junction", "Greatplain", "GP"),
    ("Zephyr Beach", "Sunward", "SW"),
    ("Amberly", "Lakeland", "LL"),
    ("Bellwether", "Southvale", "SV"),
    ("Copperdale", "High Sierra", "HS"),
    ("Drift Island", "Westmarch", "WM"),
    ("Emberton", "Sunward", "SW"),
)
CLUBS: tuple[str, ...] = (
    "Anvils", "Bitterns", "Cartographers", "Dynamos", "Ermines", "Ferrymen", "Gazelles", "Harvesters", "Icebreakers",
    "Jackdaws", "Kites", "Lamplighters", "Meteors", "Narwhals", "Otters", "Pikes", "Quarrymen", "Rooks", "Stokers",
    "Tinkers", "Urchins", "Voyagers", "Wagtails", "Yaks", "Zithers", "Almanacs", "Beacons", "Comets", "Drovers",
    "Engineers",
)  # fmt: skip
PARKS: tuple[str, ...] = ("Park", "Field", "Grounds", "Stadium", "Yard", "Common")
STREETS: tuple[str, ...] = (
    "Foundry Street",
    "Mill Road",
    "Orchard Lane",
    "Quay Street",
    "Station Square",
    "Weir Avenue",
)
ZONES: tuple[tuple[str, int, str], ...] = (  # time zone, hours from UTC in summer, its abbreviation then
    ("America/New_York", -4, "EDT"),
    ("America/Chicago", -5, "CDT"),
    ("America/Denver", -6, "MDT"),
    ("America/Phoenix", -7, "MST"),
    ("America/Los_Angeles", -7, "PDT"),
)
FIRST_NAMES: tuple[str, ...] = (
    "Abel", "Anders", "Arlo", "Bastian", "Benedikt", "Caspar", "Corwin", "Dario", "Desmond", "Emil", "Ezra", "Fabio",
    "Felix", "Gideon", "Hale", "Hugo", "Ignacio", "Ivo", "Jasper", "Joaquín", "Kenzo", "Lars", "Leander", "Lucio",
    "Magnus", "Mateo", "Nestor", "Nils", "Octavio", "Orrin", "Piers", "Quentin", "Rafael", "Roscoe", "Ruben",
    "Silas", "Stellan", "Tadeo", "Teo", "Tobias", "Ulises", "Vance", "Wendell", "Xavier", "Yoel", "Zane",
)  # fmt: skip
FAMILY_STARTS: tuple[str, ...] = (
    "Ash", "Bar", "Bel", "Bran", "Cal", "Cor", "Dal", "Dor", "El", "Fen", "Gal", "Gar", "Hal", "Har", "Ives", "Jor",
    "Kel", "Lan", "Lor", "Mal", "Mar", "Mon", "Nor", "Or", "Pel", "Quin", "Ran", "Ros", "Sal", "Sel", "Tal", "Tor",
    "Ul", "Var", "Wex", "Yar",
)  # fmt: skip
FAMILY_ENDS: tuple[str, ...] = (
    "aguirre", "ández", "beck", "bridge", "cott", "dane", "ero", "esco", "fold", "gate", "grove", "holt", "idge",
    "ínez", "kamp", "ley", "lund", "mere", "mont", "ñate", "nov", "oso", "quist", "rada", "sett", "strand", "tano",
    "uela", "vik", "worth",
)  # fmt: skip
NICKNAMES: tuple[str, ...] = (
    "Ace",
    "Bucket",
    "Cricket",
    "Dash",
    "Hammer",
    "Moose",
    "Patches",
    "Rocket",
    "Scooter",
    "Tuna",
)
ORDINALS: tuple[str, ...] = (
    "1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th", "13th", "14th", "15th",
    "16th", "17th", "18th", "19th", "20th", "21st", "22nd", "23rd", "24th", "25th",
)  # fmt: skip


def ordinal(number: int) -> str:
    """The ordinal, such as `1st`; higher numbers get `th`."""
    return ORDINALS[number - 1] if number <= len(ORDINALS) else f"{number}th"
