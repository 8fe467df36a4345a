"""No test can hang: each has a limit of its own, and the process one above all of them."""

import pytest

LONGEST = 800  # seconds


def test_each_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    config = request.config
    marks = [mark for item in request.session.items for mark in item.iter_markers("timeout")]
    limits = [float(config.getini("timeout")), *(mark.args[0] for mark in marks)]
    assert all(0 < limit <= LONGEST for limit in limits)
    assert config.getini("faulthandler_timeout") > LONGEST
    assert config.getini("faulthandler_exit_on_timeout")
