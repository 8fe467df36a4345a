"""Where metrics go, by the setting `metrics`, and whether traces and lineage are wanted."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from mlb_etl import settings
from mlb_etl.errors import EtlError, redacted

_LONGEST = 1000  # characters
_VISIBLE = re.compile("[!-~]+")
_EXPECTED = "listen:HOST:PORT, textfile:FOLDER or push:URL is expected, such as listen:127.0.0.1:9464"


@dataclass(frozen=True, slots=True)
class Listen:
    """Serve metrics at this address while the command runs."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Textfile:
    """Write files for the textfile collector of Prometheus' node exporter into this folder, at the end of the run."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Push:
    """Push to the Pushgateway at this URL, at the end of the run."""

    url: str


Destination: TypeAlias = Listen | Textfile | Push


def destination() -> Destination | None:
    """Where metrics go, by the settings; None if nowhere. Raises EtlError for an invalid value."""
    text = settings.metrics() or ""
    if not text:
        return None
    kind, _, rest = text.partition(":")
    found: Destination | None = None
    if len(text) <= _LONGEST and text.isprintable() and rest:
        found = {"listen": _listen, "textfile": _textfile, "push": _push}.get(kind, lambda _: None)(rest)
    if found is None:
        raise EtlError(f"MLB_ETL_METRICS is {redacted(text)}: {_EXPECTED}")
    return found


def wants_traces() -> bool:
    """Whether the standard variables of OpenTelemetry name a collector."""
    named = any(os.environ.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return named and not off


def wants_lineage() -> bool:
    """Whether the variables of OpenLineage's client name a server or a configuration."""
    named = any(
        os.environ.get(name) for name in ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT__TYPE")
    )
    return named and os.environ.get("OPENLINEAGE_DISABLED", "").lower() != "true"


def _listen(text: str) -> Listen | None:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return Listen(host, port) if host and port and parts.netloc == text and "@" not in text else None


def _textfile(text: str) -> Textfile:
    return Textfile(Path(text))


def _push(text: str) -> Push | None:
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and _VISIBLE.fullmatch(text)
    except ValueError:
        return None
    return Push(text.rstrip("/")) if fits and not parts.query and not parts.fragment and "@" not in text else None
