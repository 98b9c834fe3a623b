"""One application thread: takes a request off its socket pair, builds environ, calls the application, answers.

This is the hot path: a small request costs one receive and one send, and nothing is made that PEP 3333 does not ask
for. How a late interrupt is kept from hitting the next request is told in interrupt.py.
"""

import io
import socket
import threading
from marshal import loads
from typing import Any, Dict, Union

from . import frame
from .frame import HEADER, HEADER_BYTES, REQUEST, REQUEST_FILE, WireClosed
from .interrupt import Guard
from .wsgi import App, Exchange, Mail, RequestTimeout

# A request with its head nearly always fits; a larger one gets a buffer of its own.
_BUFFER_BYTES = 65536


class WorkerThread:
    """Serves one socket pair until the loop closes it."""

    def __init__(self, index: int, sock: socket.socket, app: App, base: Dict[str, Any]) -> None:
        self.index = index
        self.sock = sock
        self.app = app
        self.base = base
        self.mail = Mail()
        self.guard = Guard()
        # Requests are counted on both sides; the number is what control messages name a request by.
        self.number = 0
        self.thread = threading.Thread(target=self._run, name="tunicorn-thread-%d" % index, daemon=True)

    def start(self) -> None:
        """Raises RuntimeError when the system grants no more threads."""
        self.thread.start()

    def _run(self) -> None:
        try:
            while True:
                try:
                    self._serve()
                except RequestTimeout:
                    self._recover()
        except (WireClosed, OSError):
            pass
        finally:
            self.sock.close()

    def _recover(self) -> None:
        """An interrupt has landed, in the application or just behind it: whether the loop has been told of the end cannot
        be known here, so what we say now names the request and means nothing to a loop that has.
        """
        if self.mail.mid_frame:
            raise WireClosed
        self.guard.absorb()
        frame.send(self.sock, frame.INTERRUPTED, self.number & 0xFFFFFF)

    def _serve(self) -> None:
        sock, app, base, mail, guard = self.sock, self.app, self.base, self.mail, self.guard
        receive, unpack = sock.recv_into, HEADER.unpack_from
        buffer = bytearray(_BUFFER_BYTES)
        view = memoryview(buffer)
        while True:
            got = receive(buffer)
            if got < HEADER_BYTES:
                got = self._header(view, got)
            length, word = unpack(buffer)
            end = HEADER_BYTES + length
            whole = view[:end] if got == end else self._rest(view, got, end)
            split = HEADER_BYTES + (word >> 8)
            environ = base.copy()
            environ.update(loads(whole[HEADER_BYTES:split]))
            self.number = number = self.number + 1
            exchange = Exchange(sock, number, mail)
            environ["wsgi.early_hints"] = exchange.early_hints
            guard.current = number
            result = None
            try:
                environ["wsgi.input"] = io.BytesIO() if split == end else _body(word & 255, whole[split:])
                result = app(environ, exchange.start_response)
                exchange.answer(result)
            except (WireClosed, RequestTimeout):
                raise
            except BaseException:
                exchange.fail(result)
            guard.current = 0
            if guard.interrupting:
                guard.absorb()
            # Whatever the application held by these must not live until the next request comes.
            del environ, exchange, whole, result

    def _header(self, view: memoryview, got: int) -> int:
        """The first receive brought less than a header, or the end of the stream."""
        if got == 0:
            raise WireClosed
        frame.fill(self.sock, view, got, HEADER_BYTES)
        return HEADER_BYTES

    def _rest(self, view: memoryview, got: int, end: int) -> memoryview:
        """A request that came in several parts: in a buffer of its own if it is larger than the usual one."""
        if got > end:
            raise WireClosed
        whole = view[:end]
        if end > len(view):
            whole = memoryview(bytearray(end))
            whole[:got] = view[:got]
        frame.fill(self.sock, whole, got, end)
        return whole


def _body(kind: int, rest: memoryview) -> Union[io.BytesIO, io.BufferedReader]:
    if kind == REQUEST:
        return io.BytesIO(rest)
    if kind != REQUEST_FILE:
        raise WireClosed
    return open(bytes(rest), "rb")
