"""The requests that samples answer: the URL's template, its forms, and parameters that say what is asked for."""

from collections import Counter
from collections.abc import Collection, Sequence
from urllib.parse import quote, urlsplit

from pydantic import ValidationError

from mlb_contracts import conventions
from mlbgen.language import spec
from mlbgen.language.errors import MlbgenError
from mlbgen.samples.stubs import Stub

# Parameters that say how much of an answer, or what else, is wanted, and not what it is about.
_ABOUT_ANSWERS = frozenset(
    {"after", "cursor", "limit", "offset", "order", "page", "size", "sort"}
    | {"page_size", "page_token", "pageSize", "pageToken", "per_page"}
)
PARTIAL = "fields"  # which leaves out members at the caller's choice, so that nothing can be inferred from its absence


def forms(samples: Sequence[Stub], telling: Collection[str]) -> list[spec.Form]:
    """The forms of the requests, that of most samples first.

    A request can have those parameters that others to the URL have, but for `telling`, which say what documents are
    asked for: requests with and without them are different forms. Raises MlbgenError for a request that a mapping can't
    describe.
    """
    found: dict[tuple[str, frozenset[str]], dict[str, None]] = {}
    count = Counter[tuple[str, frozenset[str]]]()
    for stub in samples:
        own = _form(stub)
        in_query = own.query or []
        form = own.url, frozenset(in_query) & frozenset(telling)
        found.setdefault(form, {}).update(dict.fromkeys(in_query))
        count[form] += 1
    return [spec.Form(url=form[0], query=list(found[form])) for form, _ in count.most_common()]


def telling(samples: Sequence[Stub]) -> list[str]:
    """Parameters that each request has and that can say what it is about, those in the path first."""
    first, *others = samples
    common = [name for name in first.parameters if all(name in stub.parameters for stub in others)]
    in_path = [name for name in common if all(name in stub.in_path for stub in samples)]
    in_query = [name for name in common if not any(name in stub.in_path for stub in samples)]
    return [*in_path, *(name for name in in_query if not _is_about_answers(name))]


def about_documents(samples: Sequence[Stub]) -> list[str]:
    """All parameters that can say which documents are asked for, in the order of the samples."""
    return [
        name
        for name in dict.fromkeys(name for stub in samples for name in stub.parameters)
        if not _is_about_answers(name)
    ]


def _is_about_answers(name: str) -> bool:
    api = conventions.installed()
    return name in _ABOUT_ANSWERS or name == api.hydrate or name in api.times


def _form(stub: Stub) -> spec.Form:
    """The form of the sample's request: the URL's template, and the parameters of its query."""
    if not stub.url:
        raise MlbgenError(f"{stub.file}: url is missing: write the URL of the request that the response answers")
    in_query = [name for name in stub.parameters if name not in stub.in_path]
    try:
        return spec.Form(url=_template(stub), query=in_query)
    except ValidationError as error:
        (part, *_), value = error.errors()[0]["loc"], error.errors()[0]["input"]
        if part == "query":
            raise MlbgenError(f"{stub.file}: a mapping can't name the parameter {value!r} of its request") from None
    except ValueError:
        pass  # urlsplit can't read it
    raise MlbgenError(f"{stub.file}: {stub.url!r} is not the URL of a request")


def _template(stub: Stub) -> str:
    """`/api/v1/people/{personId}/stats`: the URL's path, with the names of its parameters in place of their values."""
    left = [name for name in stub.parameters if name in stub.in_path]
    parts = urlsplit(stub.url).path.split("/")
    for place, part in enumerate(parts):
        name = next((each for each in left if quote(stub.parameters[each], safe="") == part), None)
        if name is not None:
            parts[place] = f"{{{name}}}"
            left.remove(name)
    return "/".join(parts)
