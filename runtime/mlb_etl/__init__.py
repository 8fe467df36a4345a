"""Runtime: captures responses of the MLB Stats API, keeps them raw, and turns them into tables, safely."""

from mlb_etl.transform import Counts, Pipeline, pipeline

__all__ = ["Counts", "Pipeline", "pipeline"]
