"""Tells where threads are: for the log of an overdue request, and for people who ask.

Two ways: from the control thread, which needs the interpreter lock, and by a signal whose handler (faulthandler)
needs nothing and writes to a descriptor of the loop's.
"""

import faulthandler
import os
import signal
import sys
import threading
import traceback

_HERE = os.path.dirname(__file__) + os.sep


def stack_of(ident: int) -> str:
    """The stack of one thread, innermost call last, from the application's first frame on. Empty when it is gone."""
    frame = sys._current_frames().get(ident)
    if frame is None:
        return ""
    entries = traceback.extract_stack(frame)
    ours = 0
    while ours < len(entries) and (
        entries[ours].filename.startswith(_HERE) or entries[ours].filename == threading.__file__
    ):
        ours += 1
    # Nothing but our own frames: the thread waits for a request.
    return "".join(traceback.format_list(entries[ours:])) if ours < len(entries) else ""


def all_stacks() -> str:
    """Every thread of the process by name, the application's own ones too."""
    parts = []
    for thread in threading.enumerate():
        if thread is threading.main_thread() or thread.ident is None:
            continue
        parts.append("%s\n%s" % (thread.name, stack_of(thread.ident) or "  idle\n"))
    return "".join(parts)


def answer_signal(descriptor: int) -> int:
    """Makes faulthandler write all stacks to the descriptor on a signal; returns its number, 0 where there is none.

    A real-time signal, because applications and their libraries use the named ones.
    """
    number = int(getattr(signal, "SIGRTMAX", 0)) - 3
    if number <= 0:
        return 0
    faulthandler.register(number, file=descriptor, all_threads=True, chain=False)
    return number
