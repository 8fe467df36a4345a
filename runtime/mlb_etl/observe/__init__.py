"""Metrics of runs and of the database, for Prometheus: the only room that imports its client."""
