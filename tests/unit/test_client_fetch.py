"""The client against a server with every fault."""

import asyncio
import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from api import HTML, NOT_FOUND, Answer, Api, serve
from sample_tables.game import METHOD
from samples import NOON, response
from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from mlb_contracts.response import Response
from mlb_etl.errors import CorruptResponse, NotFound, Rejected, Unreachable
from mlb_etl.http import answers, pauses
from mlb_etl.http.bodies import TooLarge
from mlb_etl.http.client import Client
from mlb_etl.http.exchange import Timeouts
from mlb_etl.http.rate import RateLimit
from mlb_etl.http.request import Request, build_request
from mlb_etl.retries import Retries, set_up_logs

TARGET = "/api/v1/sample/1"
QUICK = Retries(attempts=3, first=0.01, longest=0.02, jitter=0.01)
PATIENT = Timeouts(connect=2, read=5, whole=10)
HASTY = Timeouts(connect=2, read=0.2, whole=0.5)


@pytest.fixture
def api() -> Iterator[Api]:
    with serve() as api:
        yield api


@pytest.fixture
def client(api: Api, tmp_path: Path) -> Iterator[Client]:
    client = Client(api.url, RateLimit(tmp_path / "rate", float("inf")), QUICK, PATIENT)
    yield client
    client.close()


def request(**query: str) -> Request:
    return build_request(METHOD, {"game_pk": "1", **query})


def read(response: Response) -> dict[str, Any]:
    return answers.read_documents(METHOD, response)


def test_an_endlessly_nested_error_has_no_message() -> None:
    refusal = answers.response_error("/x", 404, {}, b'{"a":' * 100_000)
    assert isinstance(refusal, NotFound)
    assert str(refusal).endswith("/x: 404 Not Found")


def test_a_loop_of_the_caller_does_no_harm(api: Api, client: Client) -> None:
    """Such as a notebook's kernel runs."""

    async def cell() -> None:
        client.fetch(request(), read)
        client.close()

    api.says(TARGET, response())
    asyncio.run(cell())


def test_a_response_includes_its_whole_request(api: Api, client: Client) -> None:
    api.says(f"{TARGET}?timecode=20240701_120000", response(note="é"))
    before = datetime.now(UTC)
    got, (held,) = client.fetch(request(timecode="20240701_120000"), read)
    assert before <= got.captured_at <= datetime.now(UTC)
    assert got.captured_at.utcoffset() == timedelta(0)
    assert (got.endpoint, got.method, got.status_code) == ("sample", "game", 200)
    assert (got.path_params, got.query_params) == ({"game_pk": "1"}, {"timecode": "20240701_120000"})
    assert got.url == f"{api.url}{TARGET}?timecode=20240701_120000"
    assert got.data == api.answers[f"{TARGET}?timecode=20240701_120000"][0].content, "byte for byte"
    assert held.keys == {"game_pk": 1}


def test_captured_at_is_before_the_call(api: Api, client: Client) -> None:
    api.says(TARGET, Answer(response(), pause=0.2))
    got, _ = client.fetch(request(), read)
    assert datetime.now(UTC) - got.captured_at >= timedelta(seconds=0.2)


def test_captured_at_is_after_the_wait_for_the_rate(api: Api, tmp_path: Path) -> None:
    """The response shows the state when the request is sent, which may be long after the wait began."""
    api.says(TARGET, response())
    limited = Client(api.url, RateLimit(tmp_path / "rate", 2), QUICK, PATIENT)
    first, second = (limited.fetch(request(), read)[0].captured_at for _ in range(2))
    limited.close()
    assert second - first >= timedelta(seconds=0.45)


def test_captured_at_is_from_the_successful_attempt(api: Api, client: Client) -> None:
    api.says(TARGET, Answer(status=503, pause=0.2), response())
    before = datetime.now(UTC)
    got, _ = client.fetch(request(), read)
    assert got.captured_at - before >= timedelta(seconds=0.2)


def test_the_client_identifies_itself(api: Api, client: Client) -> None:
    api.says(TARGET, response())
    client.fetch(request(), read)
    [asked] = api.asked
    assert asked.headers["Accept-Encoding"] == "gzip"
    assert asked.headers["User-Agent"].startswith("mlb-etl/0.")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_temporary_error_is_retried(api: Api, client: Client, status: int) -> None:
    api.says(TARGET, Answer(b"<html>", status, HTML), Answer({"message": "busy"}, status), response())
    assert client.fetch(request(), read)[1][0].keys == {"game_pk": 1}
    assert len(api.asked) == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_persistent_error_ends_the_retries(api: Api, client: Client, status: int) -> None:
    api.says(TARGET, Answer({"message": "we are busy"}, status))
    with pytest.raises(Unreachable, match=f"{TARGET}: {status} .*: we are busy"):
        client.fetch(request(), read)
    assert len(api.asked) == QUICK.attempts


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The seconds of the waits between tries, which are skipped."""
    told: list[float] = []
    hooks = get_on_retry_hooks()
    set_on_retry_hooks([lambda details: told.append(details.wait_for)])
    monkeypatch.setattr(time, "sleep", lambda _: None)
    yield told
    set_on_retry_hooks(hooks)


def patient(api: Api, folder: Path, **how: float) -> Client:
    retries = Retries(attempts=9, jitter=0, **how)  # type: ignore[arg-type]
    return Client(api.url, RateLimit(folder / "rate", float("inf")), retries, PATIENT)


def test_the_longest_wait(api: Api, tmp_path: Path, waits: list[float]) -> None:
    api.says(TARGET, *[Answer(status=503)] * 8, response())
    patient(api, tmp_path).fetch(request(), read)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert (Retries().longest, Retries().attempts, Retries().jitter) == (30, 6, 1)


def test_the_longest_pause_the_client_accepts(api: Api, tmp_path: Path, waits: list[float]) -> None:
    api.says(TARGET, Answer(status=503, headers={"Retry-After": "120"}), response())
    patient(api, tmp_path).fetch(request(), read)
    assert waits == [120]
    api.says(TARGET, Answer(status=503, headers={"Retry-After": "121"}), response())
    with pytest.raises(Unreachable):
        patient(api, tmp_path).fetch(request(), read)


def test_retries_end_when_patience_runs_out(api: Api, tmp_path: Path) -> None:
    """Even if tries are left: nine slow answers would take too long."""
    api.says(TARGET, Answer(response(), pause=1))
    hasty = Client(api.url, RateLimit(tmp_path / "rate", float("inf")), Retries(9, 0.01, 0.01, 0, 0.5), HASTY)
    with pytest.raises(Unreachable):
        hasty.fetch(request(), read)
    assert 2 <= len(api.asked) <= 4


def test_a_retry_names_its_request(api: Api, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    hooks = get_on_retry_hooks()
    set_up_logs()
    api.says(TARGET, Answer(b"{"), response())
    client.fetch(request(), read)
    set_on_retry_hooks(hooks)
    [said] = [each for each in caplog.messages if "trying again" in each]
    assert said.startswith(f"{TARGET}: $ is '{{': incomplete: ")


@pytest.mark.parametrize("of", ["seconds", "date"])
def test_retry_after_is_kept(api: Api, client: Client, of: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    api.says(TARGET, Answer(status=429, headers={"Retry-After": "1" if of == "seconds" else date}), response())
    client.fetch(request(), read)
    first, second = (each.at for each in api.asked)
    assert 0.9 <= second - first <= 5


@pytest.mark.parametrize("value", ["0", "-5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00", ""])
def test_an_unusable_retry_after_is_ignored(api: Api, client: Client, value: str) -> None:
    api.says(TARGET, Answer(status=429, headers={"Retry-After": value}), response())
    began = time.monotonic()
    client.fetch(request(), read)
    assert time.monotonic() - began < 0.9


def test_the_client_does_not_wait_an_hour_for_retry_after(api: Api, client: Client) -> None:
    api.says(TARGET, Answer(status=503, headers={"Retry-After": "3600"}))
    with pytest.raises(Unreachable) as caught:
        client.fetch(request(), read)
    assert (caught.value.retry_after, len(api.asked)) == (pauses.LONGEST, 1)


FAR = format_datetime(NOON + timedelta(days=3650), usegmt=True)
NEAR = format_datetime(NOON + timedelta(seconds=90), usegmt=True)
PAUSES = {
    "90": 90,
    "1.5": 1.5,
    NEAR: 90,
    "3600": 300,
    "86400": 300,
    "0": None,
    "-5": None,
    "31536000": None,
    "3e8": None,
    "9" * 400: None,
    "9" * 5000: None,
    "1e999": None,
    "NaN": None,
    "Infinity": None,
    "-Infinity": None,
    FAR: None,
    "Fri, 31 Dec 9999 23:59:59 GMT": None,
    "Fri, 31 Dec 9999 23:59:59 -9959": None,
    "Fri, 31 Dec 99999 23:59:59 GMT": None,
    "Sat, 01 Jan 0001 00:00:00 +2359": None,
    "Wed, 21 Oct 2015 07:28:00 GMT": None,
    "soon": None,
    "": None,
}


@pytest.mark.parametrize(("text", "seconds"), PAUSES.items(), ids=[text[:30] for text in PAUSES])
def test_a_pause_has_bounds(text: str, seconds: float | None) -> None:
    assert answers.retry_after(text, NOON) == seconds


def test_an_absurd_pause_is_logged_once(api: Api, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    pauses._said.clear()
    api.says(TARGET, *[Answer(status=503, headers={"Retry-After": "31536000"})] * 2, response())
    client.fetch(request(), read)
    said = [each for each in caplog.messages if "Retry-After" in each]
    assert said == ["the API asks for a pause out of bounds by Retry-After; this and further ones are ignored"]


def test_error_messages_of_the_api_are_escaped_and_cut(api: Api, client: Client) -> None:
    api.says(TARGET, Answer({"message": "\x1b[2J\x07\u202e\x9b" + "spam " * 1000}, 404))
    with pytest.raises(NotFound) as caught:
        client.fetch(request(), read)
    said = str(caught.value)
    assert "\\x1b[2J\\x07\\u202e\\x9bspam spam" in said
    assert said.isprintable()
    assert len(said) < 400


@pytest.mark.parametrize("answer", [NOT_FOUND, Answer(b"<html>not here</html>", 404, HTML), Answer({}, 410)])
def test_not_found(api: Api, client: Client, answer: Answer) -> None:
    api.says(TARGET, answer)
    with pytest.raises(NotFound, match=f"{TARGET}: 4"):
        client.fetch(request(), read)
    assert len(api.asked) == 1, "asking again is of no use"


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403])
def test_a_refused_request(api: Api, client: Client, status: int) -> None:
    api.says(TARGET, Answer(status=status, headers={"Location": "/elsewhere"}))
    with pytest.raises(Rejected, match=f"the API refuses the request: .*{status} "):
        client.fetch(request(), read)
    assert len(api.asked) == 1


WHOLE = Answer(response()).content

SPOILED = {
    "HTML": (Answer(b"<html>", headers=HTML), "the API's answer is not JSON"),
    "truncated": (Answer(WHOLE[:-9]), "incomplete: Input data was truncated"),
    "empty": (Answer(b""), "incomplete"),
    "malformed": (Answer(WHOLE + b"}"), "incomplete: JSON is malformed"),
    "not UTF-8": (Answer(WHOLE.replace(b"gamePk", b"game\xffk")), "not UTF-8"),
    "an error with status 200": (Answer(NOT_FOUND.body), "an error with the status of an answer: Object not found"),
    "an error about the right game": (Answer(response(messageNumber=1)), "an error with the status of an answer"),
    "another game": (Answer(response(2)), "gamePk is the one asked for"),
    "another game, mistyped": (Answer(response(2, season="none")), "gamePk is the one asked for"),
}


@pytest.mark.parametrize(("answer", "reason"), SPOILED.values(), ids=SPOILED)
def test_a_corrupt_answer_is_requested_again(api: Api, client: Client, answer: Answer, reason: str) -> None:
    api.says(TARGET, answer, response())
    assert client.fetch(request(), read)[0].data == WHOLE
    api.says(TARGET, answer)
    with pytest.raises(CorruptResponse, match=reason):
        client.fetch(request(), read)
    assert len(api.asked) == 2 + QUICK.attempts


REJECTED = {
    "a list": (Answer([]), "the response lacks the key of its document"),
    "a number": (Answer(7), "the response lacks the key of its document"),
    "broken rule": (Answer(response(plays=None)), "has plays"),
}


@pytest.mark.parametrize(("answer", "reason"), REJECTED.values(), ids=REJECTED)
def test_an_invalid_answer_is_rejected(api: Api, client: Client, answer: Answer, reason: str) -> None:
    api.says(TARGET, answer)
    with pytest.raises(Rejected, match=reason) as caught:
        client.fetch(request(), read)
    assert not isinstance(caught.value, CorruptResponse)
    assert len(api.asked) == 1


def test_an_answer_with_other_types_is_still_an_answer(api: Api, client: Client) -> None:
    """It comes from MLB, and waits in quarantine until the mapping fits."""
    api.says(TARGET, response(season="none"))
    assert client.fetch(request(), read)[1][0].keys == {"game_pk": 1}


def test_a_broken_connection_is_retried(api: Api, client: Client) -> None:
    api.says(TARGET, Answer(response(), cut=True), response())
    assert client.fetch(request(), read)[0].data == WHOLE


@pytest.fixture
def hasty(api: Api, tmp_path: Path) -> Iterator[Client]:
    hasty = Client(api.url, RateLimit(tmp_path / "rate", float("inf")), QUICK, HASTY)
    yield hasty
    hasty.close()


def test_a_server_that_does_not_answer_in_time(api: Api, hasty: Client) -> None:
    api.says(TARGET, Answer(response(), pause=0.5))
    with pytest.raises(Unreachable, match="no answer in time"):
        hasty.fetch(request(), read)
    assert len(api.asked) == QUICK.attempts


def test_an_answer_that_never_ends(api: Api, hasty: Client) -> None:
    """Each piece is in time, but the whole answer is not."""
    api.says(TARGET, Answer(response(), dribble=0.1))
    with pytest.raises(Unreachable, match=r"no whole answer within 0\.5 s"):
        hasty.fetch(request(), read)


def test_a_slow_answer_is_accepted(api: Api, client: Client) -> None:
    api.says(TARGET, Answer(response(), dribble=0.05))
    assert client.fetch(request(), read)[0].data == WHOLE


def test_no_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}", RateLimit(tmp_path / "rate", float("inf")), QUICK, HASTY)
    with pytest.raises(Unreachable, match="onnection refused"):
        client.fetch(request(), read)


def test_https_never_becomes_plain_http(tmp_path: Path) -> None:
    with serve() as api:
        client = Client(api.url.replace("http:", "https:"), RateLimit(tmp_path / "rate", float("inf")), QUICK, HASTY)
        with pytest.raises(Unreachable, match=r"SSL|TLS"):
            client.fetch(request(), read)
    assert api.asked == []


def test_the_cause_is_in_the_log(api: Api, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    api.says(TARGET, Answer({"message": "we are busy"}, 503), response())
    with caplog.at_level(logging.INFO, "mlb_etl"):
        client.fetch(request(), read)
    assert f"{TARGET}: 503" in caplog.text
    assert f"{TARGET}: 200" in caplog.text


def test_a_body_has_a_size_limit(api: Api, tmp_path: Path) -> None:
    """The limit also applies to the decompressed size."""
    small = Client(api.url, RateLimit(tmp_path / "rate", float("inf")), QUICK, PATIENT, max_body=len(WHOLE))
    api.says(TARGET, response())
    assert small.fetch(request(), read)[0].data == WHOLE
    api.says(TARGET, Answer(WHOLE + b" "))
    with pytest.raises(TooLarge, match="MLB_ETL_MAX_BODY"):
        small.fetch(request(), read)
    assert len(api.asked) == 2, "asking again is of no use"
    small.close()


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "\x1b[2J"])
def test_an_encoding_that_was_not_asked_for(api: Api, client: Client, encoding: str) -> None:
    api.says(TARGET, Answer(response(), headers={"Content-Encoding": encoding}, raw=True))
    with pytest.raises(CorruptResponse, match="an encoding that was not asked for") as caught:
        client.fetch(request(), read)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("cut", [-1, -9, 12, 3])
def test_a_truncated_gzip_answer_is_corrupt(api: Api, client: Client, cut: int) -> None:
    zipped = gzip.compress(WHOLE)[:cut]
    api.says(TARGET, Answer(zipped, headers={"Content-Encoding": "gzip"}, raw=True), response())
    assert client.fetch(request(), read)[0].data == WHOLE, "asked for again"


def test_no_thread_runs_between_requests(api: Api, client: Client) -> None:
    """A thread would keep the process from being forked."""
    api.says(TARGET, response())
    before = threading.active_count()
    for _ in range(3):
        client.fetch(request(), read)
        assert [each.name for each in threading.enumerate() if each.name == "exchanges"] == []
    assert threading.active_count() <= before + 3, "those of the server"


def test_a_stopped_client_sends_no_more_requests(api: Api, tmp_path: Path) -> None:
    """Running requests end at once."""
    client = Client(api.url, RateLimit(tmp_path / "rate", float("inf")), Retries(attempts=1), PATIENT)
    api.says(TARGET, Answer(response(), pause=5))
    began = time.monotonic()
    threading.Timer(0.3, client.stop).start()
    for _ in range(2):
        with pytest.raises(Unreachable, match="given up, because the work was stopped"):
            client.fetch(request(), read)
    assert time.monotonic() - began < 4
    assert len(api.asked) == 1
    client.close()
