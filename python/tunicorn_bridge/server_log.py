"""The server's error log, for Python: lines go to whoever writes it. Applications know it as logging.getLogger("gunicorn.error").

Many a Flask application gives its own logger the handlers of that one, so the handlers are a list that stays the same, and it
is there before the application is loaded.
"""

import logging
import os
import sys
from typing import Callable, Protocol

from . import frame

# Takes a level as the error log names it, and the text.
Send = Callable[[str, str], None]

_LEVELS = {"critical": 50, "error": 40, "warning": 30, "info": 20, "debug": 10}
# As frames name them.
_NUMBERS = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}
# As NOTE_CODES of src/wire/python-frame.ts has them.
_CODES = ("", "hop-by-hop-field")


class Tell(Protocol):
    """Takes besides that the code that stands in the line."""

    def __call__(self, level: str, text: str, code: str = "") -> None: ...


class _Handler(logging.Handler):
    def __init__(self, send: Send) -> None:
        super().__init__()
        self.send = send

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level = next((name for name, least in _LEVELS.items() if record.levelno >= least), "debug")
            self.send(level, self.format(record))
        except Exception:
            self.handleError(record)


def connect(send: Send, level: str) -> logging.Logger:
    """The logger, with this end. `level`: Gunicorn's loglevel."""
    logger = logging.getLogger("gunicorn.error")
    logger.propagate = False
    logger.setLevel(_LEVELS.get(level, logging.INFO))
    logger.handlers[:] = [_Handler(send)]
    return logger


def to_loop(notes: int) -> Tell:
    """An end that writes on the descriptor of notes. A line that the loop does not take goes to standard error."""

    def tell(level: str, text: str, code: str = "") -> None:
        payload = text.encode("utf-8", "backslashreplace")[: frame.LOG_MAX]
        aux = _NUMBERS.get(level, 1) | _CODES.index(code) << 8
        header = frame.HEADER.pack(len(payload), frame.LOG | aux << 8)
        try:
            # One write, and short enough for the kernel to take it in one piece, between those of other threads.
            os.write(notes, header + payload)
        except OSError:
            sys.stderr.write(text + "\n")

    return tell
