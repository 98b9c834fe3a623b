"""The frames that cross the socket pairs: eight bytes of header, then the payload.

src/wire/python-frame.ts is the description; the numbers here are the same ones, and a test on the other side reads
both files and compares them. Nothing here knows what a request or a response is.
"""

import socket
import struct
from typing import Sequence, Tuple, Union

# Two little-endian 32-bit words: the payload's length; the kind in the low byte and aux in the 24 bits above.
HEADER = struct.Struct("<II")
PAIR = struct.Struct("<II")
QUAD = struct.Struct("<IIII")
RANGE = struct.Struct("<QQ")
# A whole frame of three numbers, header included.
NOTE = struct.Struct("<IIIII")
HEADER_BYTES = 8

# Loop to thread.
REQUEST = 1
REQUEST_FILE = 2
# Thread to loop.
WHOLE = 16
WHOLE_OPEN = 17
HEAD = 18
PIECE = 19
END = 20
FILE = 21
INTERIM = 22
FAILED = 23
INTERRUPTED = 24
# Loop to control.
START = 32
PING = 33
STACKS = 34
INTERRUPT = 35
GONE = 36
NEW_THREAD = 37
STOP = 38
FILE_TAKEN = 39
FILE_REFUSED = 40
WITHDRAW = 41
LANDED = 42
LEAVE = 43
FILES = 44
MULTIPROCESS = 45
# Control to loop.
READY = 48
BOOT_FAILED = 49
PONG = 50
STACKS_ARE = 51
INTERRUPT_DONE = 52
WITHDRAWN = 53
LANDED_IS = 54
LOADING = 55
LEFT = 56
FILES_ARE = 57
# Any thread of the application to loop.
EXTEND = 64
LOG = 65

# In aux of WHOLE and WHOLE_OPEN: whether the application waited in this request was looked at; it did.
SAMPLED = 8388608
WAITED = 4194304

# Bounds the loop holds us to.
NOTE_BYTES = 12
LOG_MAX = 16384
WHOLE_BODY_MAX = 262144
HEAD_MAX = 1048576
PIECE_MAX = 16777216
# Up to here joining is cheaper than a gathering send; measured, not tuned further.
JOIN_MAX = 16384

Bytes = Union[bytes, bytearray, memoryview]


class WireClosed(Exception):
    """The loop has closed its end (it left, or it has given this thread up)."""


def send_all(sock: socket.socket, parts: Sequence[Bytes]) -> None:
    """Sends the parts one after another without joining them. Blocks until the kernel has taken all.

    A blocking stream socket takes everything in one call unless a signal arrives, so the loop is the rare case.
    """
    sent = sock.sendmsg(parts)
    for part in parts:
        size = len(part)
        if sent >= size:
            sent -= size
            continue
        sock.sendall(memoryview(part)[sent:] if sent else part)
        sent = 0


def fill(sock: socket.socket, buffer: memoryview, have: int, want: int) -> None:
    """Receives until buffer[:want] is full; buffer[:have] already is. Raises WireClosed at the end of the stream."""
    while have < want:
        got = sock.recv_into(buffer[have:want])
        if got == 0:
            raise WireClosed
        have += got


def receive(sock: socket.socket) -> Tuple[int, int, bytearray]:
    """One frame: kind, aux, payload. For the control socket and other rare frames. Raises WireClosed."""
    header = bytearray(HEADER_BYTES)
    fill(sock, memoryview(header), 0, HEADER_BYTES)
    length, word = HEADER.unpack(header)
    payload = bytearray(length)
    fill(sock, memoryview(payload), 0, length)
    return word & 255, word >> 8, payload


def send(sock: socket.socket, kind: int, aux: int = 0, payload: bytes = b"") -> None:
    """One small frame in one call."""
    sock.sendall(HEADER.pack(len(payload), kind | aux << 8) + payload)
