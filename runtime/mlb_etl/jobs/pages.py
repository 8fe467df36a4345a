"""How a job follows an API that answers page by page: by page number, by offset, or by a cursor in the answer."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

import msgspec
from pydantic import Field, model_validator

from mlb_contracts import Method, jsonpath
from mlb_contracts.response import Response
from mlb_etl.capture.capturer import CaptureTarget
from mlb_etl.errors import EtlError, Rejected, shortened
from mlb_etl.http import request
from mlb_etl.jobs.expansion import Place
from mlb_etl.jobs.grammar import ApiName, Model

_LONGEST = 2000  # characters of a cursor
_LARGEST = 2**31  # of page numbers and offsets


class Pages(Model):
    """Makes a request for each page, until the last one."""

    by: Literal["number", "offset", "cursor"] = Field(
        description="number counts pages, offset counts items, and cursor takes what the answer says of the next page."
    )
    parameter: ApiName = Field(description="The request's parameter that chooses the page, such as page or offset.")
    items: Place = Field(
        (), description="By number or offset: where an answer has its items, such as $.issues; by default it is a list."
    )
    size: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None,
        description="By number or offset: how many items a full page has. A page with fewer is the last one; without a"
        " size, one without items is. By offset it is needed.",
    )
    first: Annotated[int, Field(ge=0, le=1)] | None = Field(
        None, description="The number of the first page, by default 1; by offset it is 0."
    )
    next: Place | None = Field(
        None,
        description="By cursor: where an answer has the cursor of the next page, or its URL. The last page has none, or"
        " null, false or an empty text.",
    )
    most: Annotated[int, Field(ge=1, le=100_000)] = Field(
        1000, description="The most pages of a request; if there are more, it fails."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.by == "cursor" and (self.next is None or self.size is not None or self.items or self.first is not None):
            raise ValueError("cursor needs next, and has no items, size or first")
        if self.by != "cursor" and self.next is not None:
            raise ValueError(f"next is for cursor, not for {self.by}")
        if self.by == "offset" and (self.size is None or self.first is not None):
            raise ValueError("offset needs size, and has no first")
        return self

    def follow(self, method: Method, target: CaptureTarget) -> CaptureTarget:
        """The target, which is followed by those for further pages."""
        return replace(target, following=self._next(method, target, 1, b""))

    def _next(
        self, method: Method, target: CaptureTarget, page: int, before: bytes
    ) -> Callable[[Response], CaptureTarget | None]:
        """What follows a page; `before` is the digest of the page before it."""

        def following(response: Response) -> CaptureTarget | None:
            digest = hashlib.sha256(response.data).digest()
            value = self._value(msgspec.json.decode(response.data), target.request.parameters)
            if value is None:
                return None
            if digest == before:
                why = f"page {page} is the same as the one before it: does {method.name} know {self.parameter}?"
                raise Rejected(why, path=self.parameter, value=value)
            if page == self.most:
                raise Rejected(f"there are more pages than {self.most}, the limit of the job", path="pages.most")
            try:
                asked = request.build_request(method, {**target.request.parameters, self.parameter: value})
            except EtlError as error:
                raise Rejected(str(error), path=self.parameter, value=value) from error
            after = CaptureTarget(asked)
            return replace(after, following=self._next(method, after, page + 1, digest))

        return following

    def _value(self, answer: Any, parameters: Mapping[str, str]) -> str | None:
        """The parameter's value for the next page; None after the last one. Raises Rejected if it can't be told."""
        if self.by == "cursor":
            return self._cursor(_at(answer, self.next or ()))
        items = _at(answer, self.items)
        if not isinstance(items, list):
            raise Rejected("the job says that a list of items is here", path=jsonpath.below("$", self.items))
        if len(items) < (self.size or 1):
            return None
        first = 0 if self.by == "offset" else 1 if self.first is None else self.first
        here = parameters.get(self.parameter, str(first))
        if not (here.isascii() and here.isdigit() and int(here[:20]) < _LARGEST):
            raise Rejected("the number of a page is expected", path=self.parameter, value=here)
        return str(int(here) + (self.size or 1 if self.by == "offset" else 1))

    def _cursor(self, found: object) -> str | None:
        """The cursor in an answer; of a URL, its parameter."""
        if found in (None, False, ""):
            return None
        text = str(found) if isinstance(found, int) else found
        if isinstance(text, str) and (text.startswith(("http://", "https://", "/", "?"))):
            text = parse_qs(urlsplit(text).query).get(self.parameter, [None])[0]
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or not text.isprintable():
            why = f"a cursor is expected, or a URL with the parameter {self.parameter}"
            raise Rejected(why, path=jsonpath.below("$", self.next or ()), value=shortened(str(found)))
        return text


def _at(answer: Any, place: Sequence[str | int]) -> object:
    """The value at that place; None if there is none."""
    return next(value for _, value in jsonpath.walk(answer, tuple(place)))
