"""Processes that start fast, also in a pool, because they inherit the imports."""

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

# pyarrow imports pandas, if it is there, with the first array: in each process a second or two.
_INHERITED = ["pytest", "laws_workers", "delta_lake", "sample_tables.game", "mlb_etl.apply.pipeline", "pandas"]


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Starts processes of the modules beside this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_INHERITED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        forkserver.ensure_running()
        yield context
