"""What each thread has begun, in memory that the loop can read while nobody in this process runs, and after its death.

Two numbers for each thread: the last request that it has begun, written before anything of the application runs, and
the thread's own number as faulthandler names it.
"""

import mmap
import os
from typing import Tuple

_ENTRY_BYTES = 16


def make_ledger(threads: int) -> Tuple[int, memoryview]:
    """The descriptor of the memory, -1 where the system has none of that kind, and the memory as 64-bit numbers.

    Thread 1 has the numbers at 0 and 1, thread 2 those at 2 and 3.
    """
    size = threads * _ENTRY_BYTES
    try:
        descriptor = os.memfd_create("tunicorn-ledger", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, size)
        memory = mmap.mmap(descriptor, size)
    except (AttributeError, OSError):
        return -1, memoryview(bytearray(size)).cast("Q")
    return descriptor, memoryview(memory).cast("Q")
