"""Fetches any URL of the API as a response with its request, before there is a mapping: a sample to make one of."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlsplit

from mlb_contracts.response import Response
from mlb_etl.errors import EtlError, redacted
from mlb_etl.http import answers
from mlb_etl.http.client import Client
from mlb_etl.http.request import Request, require_segment
from mlb_etl.settings import Settings

_LONGEST = 4096  # characters of a URL
_PLACE = re.compile(r"\{(\w+)\}")
_VERSION = re.compile(r"v[0-9.]+|api", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def fetch(settings: Settings, url: str, parameters: Mapping[str, str], name: str | None = None) -> Response:
    """The answer to a GET of the URL, where `{station}` stands for a parameter; the other parameters are its query.

    A URL that begins with / is one of the settings' API, which alone gets the settings' headers. `name` is how mappings
    are to call the method, such as tracker.issues; by default it is made of the URL. Raises EtlError.
    """
    api, path, query = _parts(settings, url)
    names = _PLACE.findall(path)
    if missing := [each for each in names if each not in parameters]:
        raise EtlError(f"the URL needs the parameter {missing[0]}: give --param {missing[0]}=VALUE")
    in_path = {each: parameters[each] for each in names}
    for each, value in in_path.items():
        require_segment("the URL", each, value)
    filled = _PLACE.sub(lambda match: quote(in_path[match[1]], safe=""), path)
    in_query = query | {each: value for each, value in parameters.items() if each not in in_path}
    endpoint, method = (name or _name(path)).split(".")
    own = settings if api == settings.api else replace(settings, api=api, headers=())
    client = Client.of(own)
    try:
        return client.fetch(
            Request(endpoint, method, filled, in_path, in_query), lambda response: answers.require_whole(response.data)
        )[0]
    finally:
        client.close()


def _parts(settings: Settings, url: str) -> tuple[str, str, dict[str, str]]:
    """The API, the path below it, and the query."""
    if url.startswith("/"):
        if not settings.api:
            raise EtlError("the URL has no server, and neither have the settings: set base_url, or write the whole URL")
        url = settings.api + url
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise EtlError(f"{redacted(url) or 'an empty text'} is not a URL such as https://api.example.com/issues")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise EtlError("the URL is not to have a user, password or fragment: credentials are headers in the settings")
    api, path = f"{parts.scheme}://{parts.netloc}", parts.path
    if settings.api and (url + "/").startswith((f"{settings.api}/", f"{settings.api}?")):
        api, path = settings.api, url.partition("?")[0].removeprefix(settings.api)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if len({each for each, _ in query}) < len(query):
        raise EtlError("the URL has a parameter twice, and a request names each one once")
    return api, path or "/", dict(query)


def _name(path: str) -> str:
    """A name for the method, of the path's last two words that are no parameters."""
    words = [each for each in path.split("/") if _NAME.fullmatch(each) and not _VERSION.fullmatch(each)]
    return ".".join(["api", "answer", *words][-2:] if len(words) != 1 else ["api", *words])
