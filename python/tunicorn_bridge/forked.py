"""What a process that was forked for a worker does first: it connects to it.

The worker cannot give its sockets to a process that it has not started, and Node.js cannot take any that it is sent. So
the worker listens, for this moment, and each connection says which of the sockets it is.
"""

import socket
import struct
from typing import List

from .process import die_with_peer, end_at_once, lead_session
from .serve import Wires

# In this order, as src/threads/python/fork.ts takes them; the threads' sockets follow.
CONTROL = 0
FAULT = 1
NOTES = 2
LIFELINE = 3
FIRST_THREAD = 4

_NUMBER = struct.Struct("<I")


def connect_back(address: str, secret: str, sockets: int) -> Wires:
    """Never returns when the worker has gone."""
    lead_session()
    made: List[socket.socket] = []
    try:
        for number in range(FIRST_THREAD + sockets):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect("\0" + address)
            sock.sendall(bytes.fromhex(secret) + _NUMBER.pack(number))
            made.append(sock)
    except OSError:
        end_at_once()
    die_with_peer(made[LIFELINE])
    # It stays open for as long as the process lives.
    made[LIFELINE].detach()
    fault, notes, *threads = (made[number].detach() for number in (FAULT, NOTES, *range(FIRST_THREAD, len(made))))
    return Wires(made[CONTROL], fault, notes, threads)
