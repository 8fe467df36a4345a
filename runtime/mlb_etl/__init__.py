"""Runtime: captures responses of the MLB Stats API, keeps them raw, and turns them into tables, safely."""

from mlb_etl.apply.pipeline import Pipeline, pipeline
from mlb_etl.laws.counts import Counts

__all__ = ["Counts", "Pipeline", "pipeline"]
