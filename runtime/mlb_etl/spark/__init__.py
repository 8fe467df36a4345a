"""Transformation by Apache Spark: the same laws and extractors, in the tasks of a cluster."""
