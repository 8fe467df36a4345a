"""The metrics, each with its type, labels and meaning. docs/monitoring.md, the dashboard and the rules name these."""

from typing import Final, Literal, NamedTuple


class Metric(NamedTuple):
    """A metric; `labels` are names of mappings, or words of ours. A counter's samples end in _total."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


RUN_LABELS: Final = ("command", "subject")
"""Labels of all metrics of a run: the command, such as ingest, and its job or method."""

COUNTED: Final = {
    "captures": Metric("mlb_etl_captures", "counter", ("method", "outcome"), "Requests, by what became of them."),
    "failures": Metric("mlb_etl_request_failures", "counter", ("method", "cause"), "Requests that failed, by cause."),
    "retries": Metric("mlb_etl_retries", "counter", ("cause",), "Repeated attempts, by the cause of the repetition."),
    "documents": Metric(
        "mlb_etl_documents", "counter", ("method", "outcome"), "Captures of documents, by what became of them."
    ),
    "rows": Metric("mlb_etl_rows", "counter", ("table", "kind"), "Rows inserted, updated, unchanged and deleted."),
    "unreadable": Metric("mlb_etl_unreadable_values", "counter", ("table",), "Unreadable values, which became NULL."),
    "drift": Metric("mlb_etl_drift", "counter", ("method", "kind"), "Differences from the samples in documents."),
    "rate_limit_waits": Metric("mlb_etl_rate_limit_waits", "counter", (), "Requests that waited for the rate limit."),
    "rate_limit_wait_seconds": Metric(
        "mlb_etl_rate_limit_wait_seconds", "counter", (), "Time that requests waited for the rate limit."
    ),
    "lag": Metric("mlb_etl_lag_seconds", "histogram", ("method",), "Time from a request to its committed rows."),
}
"""What rooms count, by its name in `mlb_etl.tally`."""

RUN_ENDED: Final = Metric("mlb_etl_run_ended_timestamp_seconds", "gauge", (), "End of the run.")
RUN_SUCCEEDED: Final = Metric("mlb_etl_run_succeeded", "gauge", (), "1 if the run ended with exit code 0, else 0.")

DATABASE_UP: Final = Metric("mlb_etl_database_up", "gauge", (), "1 if the database could be read, else 0.")
STATUS_READ: Final = Metric("mlb_etl_status_timestamp_seconds", "gauge", (), "When the gauges below were read.")
PENDING_MIGRATIONS: Final = Metric("mlb_etl_pending_migrations", "gauge", (), "Migrations not applied as released.")
BEHIND: Final = Metric("mlb_etl_documents_behind", "gauge", ("method",), "Documents with captures to apply.")
OLDEST_UNAPPLIED: Final = Metric(
    "mlb_etl_oldest_unapplied_timestamp_seconds", "gauge", ("method",), "Request of the oldest capture to apply."
)
QUARANTINED: Final = Metric("mlb_etl_quarantined", "gauge", ("method",), "Captures waiting in quarantine.")
FAILED: Final = Metric("mlb_etl_failed_requests", "gauge", ("method",), "Requests that failed and were not repeated.")
DRIFTED: Final = Metric("mlb_etl_drifted_paths", "gauge", ("method",), "Paths at which responses differ from samples.")
UNREADABLE: Final = Metric("mlb_etl_null_values", "gauge", ("table",), "Unreadable values that are NULL now.")
NEWEST_RESPONSE: Final = Metric(
    "mlb_etl_newest_response_timestamp_seconds", "gauge", ("method",), "Time of the latest response."
)
NEWEST_SHOWN: Final = Metric(
    "mlb_etl_newest_shown_timestamp_seconds", "gauge", ("method",), "Latest time whose state the tables show."
)
CHANGING: Final = Metric("mlb_etl_changing_documents", "gauge", (), "Documents that go on changing, by the tables.")
CHANGING_OLDEST: Final = Metric(
    "mlb_etl_changing_oldest_response_timestamp_seconds",
    "gauge",
    (),
    "Latest response of the one without for longest.",
)
PARTITIONS: Final = Metric(
    "mlb_etl_partitions_ahead",
    "gauge",
    ("table", "kind"),
    "Coming months or years with partitions; -1: not even this.",
)
LAST_RUNS: Final = Metric(
    "mlb_etl_last_runs", "gauge", ("command", "state"), "Jobs and methods of a command, by the state of their last run."
)
LAST_STARTED: Final = Metric(
    "mlb_etl_last_run_timestamp_seconds", "gauge", ("command",), "Start of the last run of a command."
)
