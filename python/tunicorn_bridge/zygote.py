"""Loads the application once and forks a Python process for each worker that asks (preload), so that all share its memory.

This process serves nobody. A worker asks on a connection of its own, which stays for as long as the process that it was
given lives: on it the worker hears how that ended, and when the worker closes it, or dies, the process is killed. A
process that has ended is waited for (wait(2)) only then, so that its number is nobody else's while the worker knows it.
src/wire/preload.ts has the lines that are said here.
"""

import gc
import hmac
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from typing import Any, Dict, List, Optional, Set

from . import stacks
from .forked import connect_back
from .loader import LoadError, load_app
from .process import die_with_parent, ignore_signals, own_socket
from .serve import Wires, run
from .server_log import connect
from .sources import Sources
from .surroundings import set_up_process
from .title import set_title

# Where src/arbiter/stage/preloaded.ts put its end.
ARBITER_FD = 3

# A worker that connects asks at once, in a few hundred bytes.
ASK_SECONDS = 10.0
ASK_BYTES = 65536
# Each is taken in a moment, but all workers of a machine may come at once.
BACKLOG = 1024

_PEER = struct.Struct("iII")


def main() -> int:
    """Returns the exit code: in this process, and in every one that is forked from it."""
    die_with_parent(int(sys.argv[2]))
    arbiter = own_socket(ARBITER_FD)
    ignore_signals()
    start: Dict[str, Any] = json.loads(_first_line(arbiter))
    set_title(start["title"])
    sources = Sources() if start["sources"] else None
    try:
        os.umask(start["umask"])
        set_up_process(start)
        # The loop is not there yet; each process that is forked connects it anew.
        connect(lambda level, text: print(text, file=sys.stderr), start["loglevel"])
        _say(arbiter, {"kind": "loading", "faultSignal": stacks.answer_signal(sys.stderr.fileno())})
        app = load_app(start["app"])
    except LoadError as error:
        files = sources.news(error.cause) if sources is not None else []
        _say(arbiter, {"kind": "refused", "exitCode": error.exit_code, "message": str(error), "files": files})
        return error.exit_code
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("\0" + start["address"])
    listener.listen(BACKLOG)
    # What is there now stays. The collector need not look at it again in each process: that would be writing to it.
    gc.collect()
    gc.freeze()
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    _say(arbiter, {"kind": "ready", "threads": others})
    wires = Zygote(arbiter, listener, start["token"]).serve()
    if wires is None:
        # Nothing of the application has served here that would have to be put in order.
        os._exit(0)
    return run(wires, app)


class Link:
    """A worker, and the process that was forked for it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard = b""
        self.ask_before = time.monotonic() + ASK_SECONDS
        # 0 until it has asked.
        self.pid = 0
        self.ended = False


class Zygote:
    """Forks, tells of ends, kills what nobody wants any more, until the arbiter and all workers have left it."""

    def __init__(self, arbiter: socket.socket, listener: socket.socket, token: str) -> None:
        self.arbiter: Optional[socket.socket] = arbiter
        self.listener = listener
        self.token = token
        self.links: Dict[int, Link] = {}
        # Killed, and not waited for yet.
        self.dying: Set[int] = set()
        self.poll = select.poll()
        # The application may listen to the ends of its own children: its handler is put back in each process.
        self.alarm, self.bell = socket.socketpair()
        self.alarm.setblocking(False)
        self.bell.setblocking(False)
        self.children_before = signal.signal(signal.SIGCHLD, lambda number, frames: None)
        self.wakeup_before = signal.set_wakeup_fd(self.bell.fileno(), warn_on_full_buffer=False)
        for sock in (arbiter, listener, self.alarm):
            self.poll.register(sock, select.POLLIN)

    def serve(self) -> Optional[Wires]:
        """None when nobody needs it any more. In a forked process: the sockets to its worker."""
        while self.arbiter is not None or self.links or self.dying:
            for fd, _ in self.poll.poll(ASK_SECONDS * 1000):
                wires = self._heard(fd)
                if wires is not None:
                    return wires
            self._close_silent()
        return None

    def _heard(self, fd: int) -> Optional[Wires]:
        if fd == self.alarm.fileno():
            self._children_ended()
        elif fd == self.listener.fileno():
            self._accept()
        elif self.arbiter is not None and fd == self.arbiter.fileno():
            self._hear(self.arbiter)
        elif fd in self.links:
            return self._read(self.links[fd])
        return None

    def _hear(self, arbiter: socket.socket) -> None:
        """It only ever asks whether we are there, until it closes its end."""
        try:
            if arbiter.recv(ASK_BYTES) != b"":
                _say(arbiter, {"kind": "there"})
                return
        except OSError:
            pass
        self.poll.unregister(arbiter)
        arbiter.close()
        self.arbiter = None

    def _accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return
        # The name of the address can be seen by everybody on the machine.
        peer = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        if _PEER.unpack(peer)[1] not in (0, os.geteuid()):
            sock.close()
            return
        sock.setblocking(False)
        self.links[sock.fileno()] = Link(sock)
        self.poll.register(sock, select.POLLIN)

    def _read(self, link: Link) -> Optional[Wires]:
        try:
            heard = link.sock.recv(ASK_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            heard = b""
        link.heard += heard
        if heard == b"" or link.pid != 0 or len(link.heard) > ASK_BYTES:
            self._leave(link)
        elif link.heard.endswith(b"\n"):
            return self._fork(link)
        return None

    def _fork(self, link: Link) -> Optional[Wires]:
        ask = _question(link.heard)
        if not hmac.compare_digest(str(ask.get("token")), self.token):
            self._leave(link)
            return None
        try:
            link.pid = os.fork()
        except OSError as error:
            self._tell(link, {"kind": "refused", "message": "cannot fork: %s" % error.strerror})
            return None
        if link.pid == 0:
            self._forget()
            return connect_back(ask["address"], ask["secret"], ask["sockets"])
        self._tell(link, {"kind": "forked", "pid": link.pid})
        return None

    def _forget(self) -> None:
        """In a forked process: nothing of this is its business."""
        signal.set_wakeup_fd(self.wakeup_before)
        signal.signal(signal.SIGCHLD, self.children_before if self.children_before is not None else signal.SIG_DFL)
        for link in self.links.values():
            link.sock.close()
        for sock in (self.alarm, self.bell, self.listener, self.arbiter):
            if sock is not None:
                sock.close()

    def _children_ended(self) -> None:
        try:
            while self.alarm.recv(4096):
                pass
        except BlockingIOError:
            pass
        for pid in list(self.dying):
            self._wait(pid)
        for link in list(self.links.values()):
            if link.pid == 0 or link.ended:
                continue
            # Of these children alone, and only looked at: the application may have some of its own.
            status = os.waitid(os.P_PID, link.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if status is None:
                continue
            link.ended = True
            by_itself = status.si_code == os.CLD_EXITED
            code = status.si_status if by_itself else None
            name = None if by_itself else signal.Signals(status.si_status).name
            self._tell(link, {"kind": "ended", "code": code, "signal": name})

    def _leave(self, link: Link) -> None:
        """The worker has gone, or has seen that its process has."""
        self.poll.unregister(link.sock)
        del self.links[link.sock.fileno()]
        link.sock.close()
        if link.pid == 0:
            return
        if not link.ended:
            os.kill(link.pid, signal.SIGKILL)
        self.dying.add(link.pid)
        self._wait(link.pid)

    def _wait(self, pid: int) -> None:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                self.dying.discard(pid)
        except ChildProcessError:
            self.dying.discard(pid)

    def _close_silent(self) -> None:
        now = time.monotonic()
        for link in [each for each in self.links.values() if each.pid == 0 and now > each.ask_before]:
            self._leave(link)

    def _tell(self, link: Link, message: Dict[str, Any]) -> None:
        """A worker that does not read is one that dies: there is room for the two lines that it is ever told."""
        try:
            _say(link.sock, message)
        except OSError:
            pass


def _question(text: bytes) -> Dict[str, Any]:
    try:
        ask = json.loads(text)
    except ValueError:
        return {}
    return ask if isinstance(ask, dict) else {}


def _say(sock: socket.socket, message: Dict[str, Any]) -> None:
    sock.sendall(json.dumps(message).encode() + b"\n")


def _first_line(sock: socket.socket) -> bytes:
    """Empty pieces mean that the arbiter has gone, and so shall we."""
    pieces: List[bytes] = []
    while not pieces or not pieces[-1].endswith(b"\n"):
        pieces.append(sock.recv(ASK_BYTES))
        if pieces[-1] == b"":
            sys.exit(1)
    return b"".join(pieces)
