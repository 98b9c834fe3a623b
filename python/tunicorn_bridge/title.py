"""What ps shows for this process.

With the module setproctitle, where the application's Python has it, as in Gunicorn: it must be the first to change the
title, or the application could not use it any more. Without, on Linux, the words of the command line are overwritten.
"""

import importlib
import sys
from typing import Optional


def set_title(title: Optional[str]) -> None:
    """Cut to the room that the command line had. Never raises: a title is no reason not to serve."""
    if title is None:
        return
    try:
        setproctitle = importlib.import_module("setproctitle").setproctitle
    except Exception:
        if sys.platform.startswith("linux"):
            _overwrite_command_line(title.encode("utf-8", "surrogateescape"))
    else:
        setproctitle(title)


def _overwrite_command_line(title: bytes) -> None:
    try:
        import ctypes

        with open("/proc/self/stat", "rb") as stat:
            # The name in brackets may hold anything; behind it stands field 3. arg_start and arg_end are 48 and 49: proc(5).
            columns = stat.read().rpartition(b")")[2].split()
        start, end = int(columns[45]), int(columns[46])
        room = end - start
        if start > 0 and room > 1:
            ctypes.memmove(start, title[: room - 1].ljust(room, b"\0"), room)
    except (ImportError, OSError, ValueError, IndexError):
        pass
