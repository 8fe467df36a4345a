"""The requests that samples answer: the URL's template, its forms, and parameters that say what is asked for."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from mlbgen.language import spec
from mlbgen.language.errors import MlbgenError
from mlbgen.samples.stubs import Stub

# Parameters of this API that say how much of an answer, or what else, is wanted, and not what it is about.
_ABOUT_ANSWERS = frozenset({"hydrate", "limit", "offset", "timecode"})
PARTIAL = "fields"  # which leaves out members at the caller's choice, so that nothing can be inferred from its absence


@dataclass(frozen=True, slots=True)
class Form:
    """A URL's template and the parameters of the query that requests to it have."""

    url: str
    query: tuple[str, ...]


def forms(samples: Sequence[Stub], telling: Collection[str]) -> list[Form]:
    """The forms of the requests, that of most samples first.

    A request can have those parameters that others to the URL have, but for `telling`, which say what documents are
    asked for: requests with and without them are different forms. Raises MlbgenError for a sample without a URL.
    """
    found: dict[tuple[str, frozenset[str]], dict[str, None]] = {}
    count = Counter[tuple[str, frozenset[str]]]()
    for stub in samples:
        in_query = [name for name in stub.parameters if name not in stub.in_path]
        form = _template(stub), frozenset(in_query) & frozenset(telling)
        found.setdefault(form, {}).update(dict.fromkeys(in_query))
        count[form] += 1
    return [Form(form[0], tuple(found[form])) for form, _ in count.most_common()]


def telling(samples: Sequence[Stub]) -> list[str]:
    """Parameters that each request has and that can say what it is about, those in the path first."""
    first, *others = samples
    common = [name for name in first.parameters if all(name in stub.parameters for stub in others)]
    in_path = [name for name in common if all(name in stub.in_path for stub in samples)]
    in_query = [name for name in common if not any(name in stub.in_path for stub in samples)]
    return [*in_path, *(name for name in in_query if name not in _ABOUT_ANSWERS)]


def about_documents(samples: Sequence[Stub]) -> list[str]:
    """All parameters that can say which documents are asked for, in the order of the samples."""
    return [
        name
        for name in dict.fromkeys(name for stub in samples for name in stub.parameters)
        if name not in _ABOUT_ANSWERS
    ]


def as_spec(form: Form) -> spec.Form:
    """A further form of the source."""
    return spec.Form(url=form.url, query=list(form.query))


def _template(stub: Stub) -> str:
    """`/api/v1/people/{personId}/stats`: the URL's path, with the names of its parameters in place of their values."""
    if not stub.url:
        raise MlbgenError(f"{stub.file}: url is missing: write the URL of the request that the response answers")
    names = {quote(stub.parameters[name], safe=""): name for name in stub.in_path}
    path = urlsplit(stub.url).path
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in path.split("/"))
