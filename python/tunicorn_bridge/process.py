"""How a Python process of the server lives and ends with whom it serves: it dies when that does, and leaves signals to it."""

import fcntl
import os
import signal
import socket
import sys
from typing import Any, NoReturn

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


def die_with_peer(sock: socket.socket) -> None:
    """Linux: the kernel kills us when the other end of this socket is closed, whoever holds the interpreter lock.

    Whatever else happens on the socket would do the same: nothing may be sent on it, by neither side.
    """
    fcntl.fcntl(sock, fcntl.F_SETSIG, int(signal.SIGKILL))
    fcntl.fcntl(sock, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sock, fcntl.F_SETFL, fcntl.fcntl(sock, fcntl.F_GETFL) | os.O_ASYNC)
    # It may have been closed before we asked.
    try:
        if sock.recv(1, socket.MSG_DONTWAIT) == b"":
            end_at_once()
    except BlockingIOError:
        pass


def lead_session() -> None:
    """What the application starts stays in our session, whoever ends us: that is how its worker finds it then."""
    try:
        os.setsid()
    except OSError:
        # It leads one already.
        pass


def own_socket(fd: int) -> socket.socket:
    """A socket that this process was started with; what it starts itself does not get it."""
    sock = socket.socket(fileno=fd)
    sock.setblocking(True)
    sock.set_inheritable(False)
    return sock


def let_lines_go(stream: Any) -> None:
    """A stream that leads to no terminal keeps back what it is given; this one keeps no whole line."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)


def end_at_once() -> NoReturn:
    """No clean-up: application threads may be busy and would keep an orderly exit waiting for ever."""
    os._exit(_ORPHANED)
