"""Which files the application was loaded from, for a server that takes it anew when one of them changes.

Asked again and again, because applications import as they go. The standard library and the bridge are left out: nobody
edits them, and they are half of all modules.
"""

import os
import sys
import sysconfig
from types import ModuleType
from typing import Iterator, List, Optional, Set

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
# Where packages are installed may lie below the standard library, and is not it.
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


class Sources:
    """What was told once is not told again."""

    def __init__(self) -> None:
        self._told: Set[str] = set()
        names = ("stdlib", "platstdlib")
        self._library = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in names)

    def news(self, failure: Optional[BaseException] = None) -> List[str]:
        """Files that were loaded since the last time. With `failure` also those that it came through: a module that
        could not be imported is none, but its file is what will be mended.
        """
        # Other threads import meanwhile.
        modules = list(sys.modules.values())
        found = [path for path in (_file_of(module) for module in modules) if path is not None]
        found.extend(_files_of_failure(failure))
        return [path for path in [os.path.abspath(each) for each in found] if self._is_news(path)]

    def _is_news(self, path: str) -> bool:
        if path in self._told:
            return False
        self._told.add(path)
        if path.startswith(_HERE):
            return False
        real = os.path.realpath(path)
        return not real.startswith(self._library) or any(part in real for part in _INSTALLED)


def _file_of(module: object) -> Optional[str]:
    # Not getattr, which runs code of modules that load themselves only when they are looked at.
    path = vars(module).get("__file__") if isinstance(module, ModuleType) else None
    if not isinstance(path, str):
        return None
    return path[:-1] if path.endswith(".pyc") and os.path.exists(path[:-1]) else path


def _files_of_failure(failure: Optional[BaseException]) -> Iterator[str]:
    seen: Set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        if isinstance(failure, SyntaxError) and failure.filename:
            yield failure.filename
        trace = failure.__traceback__
        while trace is not None:
            filename = trace.tb_frame.f_code.co_filename
            if not filename.startswith("<"):
                yield filename
            trace = trace.tb_next
        failure = failure.__cause__ or failure.__context__
