"""Plays a plan against a store, or against both and compares them, and lets the auditor look after each step."""

from contextlib import ExitStack
from itertools import pairwise

from soaking import audit
from soaking.content import SAMPLE
from soaking.games import LIVE, Played
from soaking.plan import Plan
from soaking.programs import Wrong
from soaking.store import Places, Store, Tally
from soaking.world import World

KINDS = {"both": ("postgres", "delta")}


def play(places: Places, plan: Plan, tally: Tally) -> None:
    """Do all steps; raises Wrong with all that the auditor has to say after the first step that is wrong."""
    world, subject = (Played(), LIVE) if plan.live else (World(), SAMPLE)
    with ExitStack() as stack:
        stack.enter_context(world.served())
        kinds = KINDS.get(plan.store, (plan.store,))
        stores = [stack.enter_context(Store.made(kind, subject, places, world, tally)) for kind in kinds]
        for step in plan.steps:
            for store in stores:
                store.do(step)
            _compare(stores)
            tally.steps += 1
        for store in stores:
            store.end()
        _compare(stores)
    tally.histories += 1


def _compare(stores: list[Store]) -> None:
    for one, other in pairwise(stores):
        if differing := [*audit.unlike(one.before, other.before)]:
            raise Wrong("\n".join(differing))
