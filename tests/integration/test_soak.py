"""`just soak` plays histories to their end, over both stores, and finds nothing wrong but where a law is taken out."""

import re

import mutants
from mutants import ROOT
from soaking import laws
from soaking.plan import plan

_AGAIN = re.compile(r"^again: just soak --history (\S+) --steps ([\d,]+)\n((?: +\d+: .*\n)+)$", re.MULTILINE)


def test_histories_end_right() -> None:
    done = laws.play(ROOT, "--minutes", 0.25, "--seed", 14)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"histories [1-9]\d* steps .*; seed 14, 0 wrong\n", done.stdout)


def test_what_goes_wrong_is_replayed_by_its_seed_and_few_steps() -> None:
    """Without a line that keeps law 2; with it, the same steps end right."""
    mutant = next(each for each in mutants.read() if each.name == "law-2-same-is-written")
    with mutants.copy() as root, laws.taken_out(root, mutant):
        found = laws.play(root, "--seed", 1, "--histories", 10, "--store", "postgres", "--patience", 10)
        assert found.returncode == 1, found.stdout + found.stderr
        again = _AGAIN.search(found.stdout)
        assert again is not None, found.stdout
        history, steps, listed = again.groups()
        assert len(listed.splitlines()) == len(steps.split(",")) < len(plan(history).steps)
        assert laws.play(root, "--history", history, "--steps", steps, "--patience", 0).returncode == 1
    done = laws.play(ROOT, "--history", history, "--steps", steps)
    assert done.returncode == 0, done.stdout + done.stderr
