"""environ["tunicorn.extend_timeout"]: an application asks for more time for one request.

The loop holds the deadline and its bound. Here the bound is only reckoned once more, so that the caller has its answer
without a way there and back, and a caller that asks in a tight loop is heard four times a second.
"""

import math
import os
from time import monotonic
from typing import Union

from . import frame
from .interrupt import Guard

# What is asked for is told with so much on top, and then not again until that is used up.
_SLACK_SECONDS = 0.25

_MILLISECONDS_MAX = 0xFFFFFFFF


class Extension:
    """One for each thread; asked by whatever thread of the application."""

    __slots__ = ("guard", "index", "limit", "notes", "started", "told_for", "told_until")

    def __init__(self, guard: Guard, index: int, notes: int, limit: float) -> None:
        self.guard = guard
        self.index = index
        # A descriptor that all threads write to, each time so little that the kernel takes it in one piece.
        self.notes = notes
        # Seconds from a request's start.
        self.limit = limit
        # When the present request began; written before guard.current.
        self.started = 0.0
        self.told_for = 0
        self.told_until = 0.0

    def ask(self, number: int, seconds: Union[int, float]) -> float:
        """Returns the seconds that are granted from now on: 0.0 when the request is over or has had its limit."""
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError("extend_timeout() takes seconds as a number, not %s" % type(seconds).__name__)
        if not 0 <= seconds < math.inf:
            raise ValueError("extend_timeout() takes seconds from 0 on, not %r" % seconds)
        end = self.started + self.limit
        if self.guard.current != number:
            return 0.0
        now = monotonic()
        granted = float(min(seconds, end - now))
        if granted <= 0:
            return 0.0
        until = now + granted
        if self.told_for != number or until > self.told_until:
            try:
                self._tell(number, until + _SLACK_SECONDS - now)
            except OSError:
                # The worker has gone: nobody is left to wait.
                return 0.0
            self.told_for, self.told_until = number, until + _SLACK_SECONDS
        return granted

    def _tell(self, number: int, seconds: float) -> None:
        milliseconds = min(math.ceil(seconds * 1000), _MILLISECONDS_MAX)
        os.write(self.notes, frame.NOTE.pack(frame.NOTE_BYTES, frame.EXTEND, self.index, number, milliseconds))
