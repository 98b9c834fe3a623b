"""The loop's end of one thread's socket pair, for the tests beside it: sends requests, reads frames."""

import marshal
import socket
import unittest
from typing import Any, Callable, Dict, List, Tuple, Type

from tunicorn_bridge import frame
from tunicorn_bridge.files import FileWrapper
from tunicorn_bridge.ledger import make_ledger
from tunicorn_bridge.worker_thread import Shared, WorkerThread
from tunicorn_bridge.wsgi import Exchange

Frame = Tuple[int, int, bytes]


class BridgeTest(unittest.TestCase):
    """Runs an application in a real WorkerThread over a real socket pair."""

    def serve(
        self, app: Callable[..., Any], timeout_limit: float = 300, exchange: Type[Exchange] = Exchange
    ) -> WorkerThread:
        self.loop, theirs = socket.socketpair()
        self.loop.settimeout(20)
        self.addCleanup(self.loop.close)
        base: Dict[str, Any] = {"wsgi.file_wrapper": FileWrapper, "wsgi.multithread": False}
        self.notes, notes = socket.socketpair()
        self.notes.setblocking(False)
        self.addCleanup(self.notes.close)
        self.addCleanup(notes.close)
        _, self.ledger = make_ledger(1)
        thread = WorkerThread(1, theirs, Shared(app, base, timeout_limit, notes.fileno(), self.ledger, exchange))
        thread.start()
        return thread

    def request(self, environ: Dict[str, str], body: bytes = b"") -> None:
        head = marshal.dumps(environ, 2)
        self.loop.sendall(frame.HEADER.pack(len(head) + len(body), frame.REQUEST | len(head) << 8) + head + body)

    def frames(self) -> List[Frame]:
        """Everything until the thread is free."""
        heard: List[Frame] = []
        while not heard or heard[-1][0] not in (frame.WHOLE, frame.END, frame.FAILED, frame.INTERRUPTED):
            kind, aux, payload = frame.receive(self.loop)
            heard.append((kind, aux, bytes(payload)))
        return heard

    def ask(self, **environ: str) -> List[Frame]:
        self.request(environ)
        return self.frames()
