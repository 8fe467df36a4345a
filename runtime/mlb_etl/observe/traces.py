"""Sends spans to an OpenTelemetry collector, where the standard variables OTEL_... name one."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlb_etl.errors import EtlError
from mlb_etl.observe.bounded import TooSlowError, within

try:
    from opentelemetry import propagate, trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
except ImportError as error:
    raise EtlError("traces need the package opentelemetry-sdk: pip install 'mlb-etl[observe]'") from error

PATIENCE = 5.0  # seconds for the collector, at the end of a run and of each task of a worker
_SERVICE = "mlb-etl"
log = logging.getLogger(OTLPSpanExporter.__module__)  # the library's, which logs each of its attempts


class OpenTelemetry:
    """A tracer with an exporter of its own, in each process that has it."""

    def __init__(self, parent: Mapping[str, str] | None = None) -> None:
        """`parent` is the context of a span in another process, as HTTP headers have it."""
        _say_once()
        service = os.environ.get("OTEL_SERVICE_NAME") or _SERVICE
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_SERVICE)
        self._parent = propagate.extract(parent) if parent else None
        self._away = False

    @contextmanager
    def span(self, name: str, facts: Mapping[str, str | int]) -> Iterator[None]:
        """As `Tracer` says."""
        below = None if trace.get_current_span().get_span_context().is_valid else self._parent
        with self._tracer.start_as_current_span(
            name, below, attributes=dict(facts), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except EtlError as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def flush(self) -> None:
        """As `Tracer` says; a collector that kept a flush waiting is not waited for again."""
        if self._away:
            return
        try:
            self._away = not within(PATIENCE, lambda: self._provider.force_flush(int(PATIENCE * 1000)))
        except TooSlowError as error:
            self._away = True
            log.warning("spans are lost: the collector gives %s", error)

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: the context of the span that is open."""
        headers: dict[str, str] = {}
        propagate.inject(headers)
        return OpenTelemetry, (headers,)


class _Once(logging.Filter):
    """Lets one message through."""

    def __init__(self) -> None:
        super().__init__()
        self._said = False

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - logging's signature
        said, self._said = self._said, True
        return not said


def _say_once() -> None:
    for each in [each for each in log.filters if isinstance(each, _Once)]:
        log.removeFilter(each)
    log.addFilter(_Once())
