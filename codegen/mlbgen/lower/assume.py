"""Parameters that a request may lack, because its document's key then follows from the capture."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlb_contracts.assumed import Assumed, DayOfCapture, Value, YearOf, YearOfCapture
from mlbgen.language import spec
from mlbgen.lower.report import Place, Report, did_you_mean


def assumptions(report: Report, place: Place, declared: spec.Source) -> tuple[tuple[str, Assumed], ...]:
    """What a request means where it lacks one of these parameters, each a key of the document."""
    keys = [key.parameter for key in declared.document.values() if key.parameter is not None]
    found: list[tuple[str, Assumed]] = []
    for name, assumption in declared.assume.items():
        at = place.at(name)
        if name not in keys:
            help_ = did_you_mean(name, keys, "only a parameter that is a key of the document can be assumed")
            report.add("MG083", at.key, f'the parameter "{name}" is not a key of the document', help_)
        elif (meaning := _meaning(report, at, assumption, [known for known, _ in found])) is not None:
            found.append((name, meaning))
    return tuple(found)


def _meaning(report: Report, place: Place, assumption: spec.Assumption, known: list[str]) -> Assumed | None:
    if assumption.year_of is not None:
        if assumption.year_of in known:
            return YearOf(assumption.year_of)
        message = f'no parameter "{assumption.year_of}" is assumed before this one'
        report.add("MG083", place.at("year_of"), message, did_you_mean(assumption.year_of, known))
        return None
    if assumption.value is not None:
        return Value(assumption.value)
    if assumption.year_of_capture is not None:
        known_zone = _is_zone(report, place.at("year_of_capture"), assumption.year_of_capture)
        return YearOfCapture(assumption.year_of_capture) if known_zone else None
    zone = assumption.day_of_capture or ""
    return DayOfCapture(zone) if _is_zone(report, place.at("day_of_capture"), zone) else None


def _is_zone(report: Report, place: Place, zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        report.add("MG083", place, f'"{zone}" is not a time zone', "America/New_York is one")
        return False
    return True
