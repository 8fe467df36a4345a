"""A plugin for CI, where everything that tests need is there: a test that is skipped fails.

But for a reason that the test names by `@pytest.mark.may_skip(reason)`: it is one of the machine, or of the data.
"""

import os
from collections.abc import Generator

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "may_skip(reason): skipped for this reason, it does not fail in CI")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    allowed = [mark.args[0] for mark in item.iter_markers("may_skip")]
    if _in_ci() and report.skipped and not hasattr(report, "wasxfail") and _reason(report) not in allowed:
        report.outcome, report.longrepr = "failed", f"skipped, which is a failure in CI: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if _in_ci() and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped, which is a failure in CI: {_reason(report)}"
    return report


def _in_ci() -> bool:
    return os.environ.get("CI") == "true"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")
