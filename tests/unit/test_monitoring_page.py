"""docs/monitoring.md lists each metric that exists, with its labels, and no other."""

import re
from pathlib import Path

from prometheus import METRICS

PAGE = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()


def test_the_page_lists_each_metric_with_its_labels() -> None:
    listed = re.findall(r"^\| `(mlb_etl_\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert listed == [
        (
            f"{metric.name}_total" if metric.kind == "counter" else metric.name,
            ", ".join(f"`{label}`" for label in metric.labels),
        )
        for metric in METRICS
    ]
