"""A weather service to try the project with: stations, and the hours of their days, all invented.

python server.py --port 8702
"""

import argparse
import json
import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STATIONS = {
    "HAR": {"id": "HAR", "name": "Harbour Light", "latitude": 54.3, "longitude": 10.2},
    "MOR": {"id": "MOR", "name": "Moor End", "latitude": 53.1, "longitude": 8.7},
}
SKIES = (["clear"], ["cloud"], ["cloud", "rain"], ["fog"])
_DAY = re.compile(r"/v1/stations/([A-Z]{3})/days/([0-9]{4}-[0-9]{2}-[0-9]{2})")


def hour(station: str, day: date, number: int) -> dict[str, Any]:
    """What was measured in an hour; an instrument that fails says so by dashes, and the wind is still now and then."""
    seed = sum(map(ord, station)) + day.toordinal()
    sun = math.sin((number - 8) / 24 * 2 * math.pi)
    measured: dict[str, Any] = {
        "hour": number,
        "temperature": f"{12 + seed % 7 + 6 * sun:.1f}",
        "pressure": 1000 + (seed * 7 + number) % 30,
        "conditions": SKIES[(seed + number // 6) % len(SKIES)],
    }
    if (seed + number) % 5:
        measured["wind"] = {"speed": round(2 + (seed * number) % 90 / 10, 1), "direction": (seed + 15 * number) % 360}
    if (seed + number) % 23 == 0:
        measured["temperature"] = "--"
    return measured


class Weather:
    """The service. `revised` holds documents that were corrected, or broken, in place of those that are computed."""

    def __init__(self) -> None:
        self.revised: dict[tuple[str, str], dict[str, Any]] = {}

    def document(self, station: str, day: str) -> dict[str, Any]:
        """The hours of a station's day."""
        hours = [hour(station, date.fromisoformat(day), number) for number in range(24)]
        computed = {"station": STATIONS[station], "day": day, "revision": 1, "hours": hours}
        return self.revised.get((station, day), computed)

    def answer(self, path: str) -> tuple[int, Any]:
        """Status and answer."""
        found = _DAY.fullmatch(path)
        if found is None or found[1] not in STATIONS:
            return 404, {"error": "no such station or day"}
        try:
            return 200, self.document(found[1], found[2])
        except ValueError:
            return 400, {"error": "not a day"}


@contextmanager
def serve(weather: Weather, port: int = 0) -> Iterator[str]:
    """The URL of the service as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = weather.answer(self.path)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve invented weather.")
    parser.add_argument("--port", type=int, default=8702)
    with serve(Weather(), parser.parse_args().port) as url:
        print(f"{url}/v1/stations/HAR/days/2024-07-01", flush=True)
        threading.Event().wait()
