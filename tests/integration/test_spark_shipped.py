"""What a session of Spark sends to its executors is there as long as the session, as they may fetch it late."""

import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest

pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")

from mlb_etl.spark import session


def test_packages_can_be_fetched_as_long_as_the_session_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    spark = Mock()
    monkeypatch.setattr(session, "_started", lambda _: spark)
    with session.session(session.Cluster("spark://host:7077"), "sample_tables"):
        [[file], _] = spark.sparkContext.addPyFile.call_args
        names = zipfile.ZipFile(file).namelist()
        assert {"mlb_contracts/__init__.py", "mlb_etl/spark/session.py", "sample_tables/__init__.py"} <= {*names}
    spark.stop.assert_called_once()
    assert not Path(file).exists()
