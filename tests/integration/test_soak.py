"""`just soak` plays histories to their end, over both stores, and finds nothing wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_histories_end_right() -> None:
    own = os.environ | {"PYTHONPATH": f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-m", "soaking", "--minutes", "0.4", "--seed", "14"]
    done = subprocess.run(command, cwd=TESTS.parent, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"histories [1-9]\d* steps .*; seed 14, 0 wrong\n", done.stdout)
