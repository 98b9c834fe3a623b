"""How a Python process of the server lives and ends with its parent: it dies when that does, and leaves signals to it."""

import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1

# As of a worker that could not boot; nobody is left to read it.
_ORPHANED = 3


def ignore_signals() -> None:
    """The parent decides when this process ends; a terminal sends Ctrl-C to the whole group.

    A handler that does nothing, not SIG_IGN, which the application's own subprocesses would inherit.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"):
        signal.signal(getattr(signal, name), lambda number, frames: None)


def die_with_parent(parent: int) -> None:
    """Linux: the kernel kills us when the parent dies, even while native code holds the interpreter lock."""
    if sys.platform.startswith("linux"):
        try:
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        except (ImportError, OSError, AttributeError):
            pass
    # It may have died before we asked.
    if os.getppid() != parent:
        end_at_once()


def end_at_once() -> NoReturn:
    """No clean-up: application threads may be busy and would keep an orderly exit waiting for ever."""
    os._exit(_ORPHANED)
