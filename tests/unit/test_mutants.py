"""The list of `mutants.py` fits the code: whether the tests find each is too slow to show here."""

import ast
from collections import Counter
from pathlib import Path

import mutants
import pytest
from mutants import ROOT, Mutant

MUTANTS = mutants.read()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_is_in_one_place_and_its_tests_are_there(mutant: Mutant) -> None:
    assert mutant.fits(ROOT), "the code has changed: put the mutant where it breaks the same promise now"
    assert mutant.text != mutant.instead
    mutated = mutant.mutated(ROOT)
    if mutant.file.endswith(".py"):  # a migration in SQL is not
        ast.parse(mutated)
    assert {test for test in mutant.tests if not _is_there(test)} == set()


def _is_there(test: str) -> bool:
    name, _, function = test.partition("::")
    path = ROOT / name
    if not path.is_file() or not path.name.startswith("test_"):
        return False
    tests = {each.name for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.FunctionDef)}
    return not function or function.partition("[")[0] in tests


def test_names_are_given_once_and_each_law_is_broken() -> None:
    assert [name for name, times in Counter(each.name for each in MUTANTS).items() if times > 1] == []
    laws = {f"Law {number}" for number in range(1, 11)}
    assert laws <= {each.breaks.partition(":")[0] for each in MUTANTS}
    assert laws <= {each.breaks.partition(":")[0] for each in MUTANTS if each.store}, "histories are to find it, too"


def test_a_mutant_is_found_survives_or_is_stale(tmp_path: Path) -> None:
    (tmp_path / "test_of_it.py").write_text("from module import one\ndef test_one(): assert one() == 1\n")
    module = tmp_path / "module.py"
    module.write_text("def one(): return 1  # as it is\n")

    def outcome(text: str, instead: str) -> str:
        return mutants.outcome(Mutant("name", "a promise", "module.py", text, instead, ("test_of_it.py",)), tmp_path)

    assert outcome("return 1", "return 2") == "found"
    assert outcome("as it is", "as it was") == "survived"
    assert outcome("return 3", "return 2").startswith("stale: its text")
    assert outcome("return 1", "retur 1").startswith("stale: ")
    assert module.read_text() == "def one(): return 1  # as it is\n"
