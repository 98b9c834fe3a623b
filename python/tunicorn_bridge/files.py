"""wsgi.file_wrapper, and the question whether what it wraps is a plain file that the loop can send by itself.

Only files whose bytes on disk are the bytes that read() would give qualify: a GzipFile, too, has a descriptor.
"""

import io
import os
import stat
import sys
import tempfile
from typing import Any, Iterator, NamedTuple, Optional

_HAS_PROC = sys.platform.startswith("linux") and os.path.isdir("/proc/self/fd")
_NAMED_TEMPORARY: type = getattr(tempfile, "_TemporaryFileWrapper")


class FileRange(NamedTuple):
    """A descriptor of ours, and the bytes of its file that remain to be sent."""

    fileno: int
    offset: int
    length: int


class FileWrapper:
    """Iterates over blocks of a file-like object (PEP 3333, "Optional Platform-Specific File Handling")."""

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block: bytes = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration


def plain_range(filelike: Any) -> Optional[FileRange]:
    """What is left of a regular file from its current offset on; None when the loop cannot send it."""
    if not _HAS_PROC:
        return None
    opened: Any = getattr(filelike, "file", None) if type(filelike) is _NAMED_TEMPORARY else filelike
    raw = opened.raw if type(opened) in (io.BufferedReader, io.BufferedRandom) else opened
    if type(raw) is not io.FileIO:
        return None
    try:
        if type(opened) is io.BufferedRandom:
            opened.flush()
        fileno = raw.fileno()
        status = os.fstat(fileno)
        offset = opened.tell()
    except (OSError, ValueError):
        return None
    # Files of /proc and the like call themselves empty, whatever they hold.
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0 or not raw.readable():
        return None
    return FileRange(fileno, offset, max(status.st_size - offset, 0))
