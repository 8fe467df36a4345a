"""Generated packages, imported from texts under names of their own: nothing is written, and none is on `sys.path`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType


@contextmanager
def imported(name: str, texts: Mapping[str, str]) -> Iterator[None]:
    """Within the block, `name` can be imported: a package of these modules, by path in it."""
    finder = _Texts(name, texts)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for module in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            del sys.modules[module]


class _Texts(MetaPathFinder, InspectLoader):
    def __init__(self, name: str, texts: Mapping[str, str]) -> None:
        self._files = {_module(name, path): path for path in texts if path.endswith(".py")}
        self._texts = texts

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._files:
            return None
        return spec_from_loader(fullname, self, origin=self._files[fullname], is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        return self._files[fullname].endswith("__init__.py")

    def get_source(self, fullname: str) -> str:
        return self._texts[self._files[fullname]]


def _module(package: str, path: str) -> str:
    """`name.game.live_game_v1` for game/live_game_v1/__init__.py."""
    parts = path.removesuffix(".py").split("/")
    return ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))
