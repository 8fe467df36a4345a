-- The runs of commands that write, so that `mlb-etl status` and metrics can tell when the last one was, and how it ended.

CREATE TABLE etl.run (
    id uuid NOT NULL PRIMARY KEY,
    run_id text NOT NULL,
    command text NOT NULL,
    subject text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('done', 'incomplete', 'failed', 'interrupted')),
    counts jsonb NOT NULL DEFAULT '{}',
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

CREATE INDEX run_command_subject_started_at_idx ON etl.run (command, subject, started_at);

COMMENT ON TABLE etl.run IS 'Runs of commands that write; the newest 200 of each command.';
COMMENT ON COLUMN etl.run.id IS 'Key of the run.';
COMMENT ON COLUMN etl.run.run_id IS 'MLB_ETL_RUN_ID, or one that was made; log lines in JSON have it, too. Commands of one workflow may share it.';
COMMENT ON COLUMN etl.run.command IS 'Command, such as ingest.';
COMMENT ON COLUMN etl.run.subject IS 'Job or method; empty for commands that have none.';
COMMENT ON COLUMN etl.run.started_at IS 'Time of its start.';
COMMENT ON COLUMN etl.run.seen_at IS 'Time of its last sign of life, renewed every five minutes. A run that was killed has no end and an old time here.';
COMMENT ON COLUMN etl.run.ended_at IS 'Time of its end; NULL while it runs, and if it was killed.';
COMMENT ON COLUMN etl.run.outcome IS 'done; incomplete: it reported failed requests, quarantined captures or the like; failed: an error ended it; interrupted: by Ctrl-C.';
COMMENT ON COLUMN etl.run.counts IS 'What it counted: captures and documents by outcome, rows by kind, retries.';
