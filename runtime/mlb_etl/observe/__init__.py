"""Metrics, traces and lineage of runs.

The only room that imports the clients of Prometheus, OpenTelemetry and OpenLineage.
"""
