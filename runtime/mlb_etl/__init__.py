"""Runtime: captures responses of the MLB Stats API, keeps them raw, and turns them into tables, safely."""

from mlb_etl.counts import Counts
from mlb_etl.pipeline import Pipeline, pipeline

__all__ = ["Counts", "Pipeline", "pipeline"]
