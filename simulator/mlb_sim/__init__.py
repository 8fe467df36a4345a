"""Simulates the Stats API: an invented league, played pitch by pitch, the same for the same seed.

with serve(Simulator(seed=1, season=2024)) as server:
    httpx.get(f"{server.url}/api/v1/schedule?sportId=1")
    server.simulator.clock.advance(3600)
    server.faults.once("503")
"""

from mlb_sim.faults import Plan
from mlb_sim.server import Server, serve
from mlb_sim.simulator import Simulator

__all__ = ["Plan", "Server", "Simulator", "serve"]
