"""The interfaces of a database: operations, never SQL. `mlb_etl.api` chooses the implementation."""
