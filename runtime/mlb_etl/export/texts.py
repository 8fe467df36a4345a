"""Values as texts, for formats that have no type for them."""

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

_GREATEST = {pa.date32(): (pa.int32(), 2**31 - 1), pa.timestamp("us", tz="UTC"): (pa.int64(), 2**63 - 1)}
# A spreadsheet runs these as formulas; a single sign or a signed number is none. An apostrophe marks what was escaped.
_FORMULA = r"^(=|@|\t|\r|\n|'|[+-].)"
_NUMBER = r"^[+-][0-9]*[.]?[0-9]*$"


def time_text(times: pa.Array) -> pa.Array:
    """Days as 2024-07-02, times as 2024-07-02 19:05:00.000000Z, infinite ones as infinity and -infinity."""
    plain, greatest = _GREATEST[times.type]
    numbers = times.view(plain)
    late, early = (pc.equal(numbers, pa.scalar(each, plain)) for each in (greatest, -greatest))
    finite = pc.if_else(pc.or_(late, early), pa.scalar(None, times.type), times)
    found = pc.if_else(late, "infinity", finite.cast(pa.string()))
    return pc.if_else(early, "-infinity", found)


def json_text(lists: pa.Array) -> pa.Array:
    """Lists as JSON."""
    texts = [None if each is None else json.dumps(each, ensure_ascii=False) for each in lists.to_pylist()]
    return pa.array(texts, pa.string())


def safe_text(texts: pa.Array) -> pa.Array:
    """Texts that no spreadsheet takes for a formula: an apostrophe goes before one that it would, or that has one."""
    formula = pc.match_substring_regex(texts, _FORMULA)
    escaped = pc.and_not(formula, pc.match_substring_regex(texts, _NUMBER))
    if not pc.any(escaped).as_py():
        return texts
    return pc.if_else(escaped, pc.binary_join_element_wise("'", texts, ""), texts)


def adapted(batch: pa.RecordBatch, schema: pa.Schema, convert: Callable[[pa.Array], pa.Array]) -> pa.RecordBatch:
    """A batch with each column converted."""
    return pa.RecordBatch.from_arrays([convert(each) for each in batch.columns], schema=schema)
