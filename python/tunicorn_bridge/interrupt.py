"""What the control thread may do to a request of another thread: end one that runs, take back one that waits.

A request that is past its time is ended by raising RequestTimeout in its thread, and never in the request after it.
The order of reads and writes is what makes that true. The control thread, holding the lock: writes `interrupting`,
then reads `current`, and raises only if that is still the request meant. The thread, when a request is over: writes
`current` = 0, then reads `interrupting`; if that is set it waits for the lock and clears whatever is pending. So
either the control thread sees that the request is over, or the thread sees that it was being interrupted.

Taking back works the same way round. The control thread, holding the lock, fills `skip`, leaving out what `begun` says;
the thread writes `begun`, then looks at `skip`, and where it finds anything the lock decides: what the control thread
has seen as begun runs, what it has put into `skip` does not.
"""

import threading
from typing import Any, Set

try:
    import ctypes
except ImportError:  # A Python built without it: requests cannot be interrupted, threads are given up instead.
    ctypes = None  # type: ignore[assignment]


class Guard:
    """One for each thread."""

    __slots__ = ("begun", "current", "interrupting", "lock", "passed", "ran", "skip", "skipped")

    def __init__(self) -> None:
        self.current = 0
        # The last request that the thread came to, unless it was passed over; and the last that it went on with.
        self.begun = 0
        self.ran = 0
        self.interrupting = 0
        # Requests that were taken back and have not been passed over yet.
        self.skip: Set[int] = set()
        self.passed = 0
        # How many were passed over.
        self.skipped = 0
        self.lock = threading.Lock()

    def withdraw(self, after: int, upto: int) -> int:
        """Called by the control thread: of the requests `after` < number <= `upto`, those that have not begun never will.

        Returns the number of the last one that has begun, or `after`.
        """
        with self.lock:
            taken_before = set(self.skip)
            # What was passed over already is not to be waited for when the question comes a second time.
            self.skip.update(range(max(after, self.passed) + 1, upto + 1))
            # The thread may be at one that was taken back before: it will find that out as soon as we let it.
            begun = max(after, self.ran if self.begun in taken_before else self.begun)
            self.skip.difference_update(range(after + 1, begun + 1))
            return begun

    def skips(self, number: int) -> bool:
        """Called by the thread for a request that it is about to begin, when there is anything to skip."""
        with self.lock:
            if number not in self.skip:
                return False
            self.skip.discard(number)
            self.passed = number
            self.skipped += 1
            # Passed over is not begun.
            self.begun = self.ran
            self.current = 0
            return True

    def absorb(self) -> None:
        """Called by the thread itself, when a request is over: forgets an exception that has not been raised yet."""
        self.current = 0
        with self.lock:
            self.interrupting = 0
            _set_pending(threading.get_ident(), None)

    def interrupt(self, ident: int, number: int, exception: type) -> bool:
        """Called by the control thread. True: the exception is on its way into that request."""
        with self.lock:
            self.interrupting = number
            if self.current == number and _set_pending(ident, exception):
                return True
            self.interrupting = 0
            return False


def _set_pending(ident: int, exception: Any) -> bool:
    """PyThreadState_SetAsyncExc; None clears. True when the thread was found."""
    if ctypes is None:
        return False
    argument = ctypes.py_object(exception) if exception is not None else ctypes.py_object()
    return bool(ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), argument) == 1)
