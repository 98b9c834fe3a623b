"""One application thread: takes a request off its socket pair, builds environ, calls the application, answers.

This is the hot path: a small request costs one send and at most one receive (the loop may send several ahead, which
come in one), and nothing is made that PEP 3333 does not ask for. How a late interrupt is kept from hitting the next request is told in interrupt.py.
"""

import io
import socket
import threading
from marshal import loads
from time import monotonic
from typing import Any, Dict, NamedTuple, Tuple, Type, Union

from . import frame
from .extension import Extension
from .frame import HEADER, HEADER_BYTES, REQUEST, REQUEST_FILE, WireClosed
from .interrupt import Guard
from .wsgi import App, Exchange, Mail, RequestTimeout, pauses

# Requests with their heads nearly always fit; a larger one gets a buffer of its own.
_BUFFER_BYTES = 65536

# One request in sixteen tells whether the application waited in it, from which the loop decides how to share requests
# out: the question costs half a microsecond.
_SAMPLE_MASK = 15


class Shared(NamedTuple):
    """What all threads of the process have in common."""

    app: App
    # The part of environ that is the same for every request.
    base: Dict[str, Any]
    # Seconds from its start to which a request may be extended; see extension.py.
    timeout_limit: float
    # The descriptor on which any thread tells the loop something by itself.
    notes: int
    # See ledger.py.
    ledger: memoryview
    # Another kind where server hooks are told of requests; see request_hooks.py.
    exchange: Type[Exchange] = Exchange


class WorkerThread:
    """Serves one socket pair until the loop closes it."""

    def __init__(self, index: int, sock: socket.socket, shared: Shared) -> None:
        self.index = index
        self.sock = sock
        self.shared = shared
        self.guard = Guard()
        self.extension = Extension(self.guard, index, shared.notes, shared.timeout_limit)
        self.mail = Mail(self.extension)
        # Requests are counted on both sides; the number is what control messages name a request by.
        self.number = 0
        self.buffer = bytearray(_BUFFER_BYTES)
        self.view = memoryview(self.buffer)
        # Bytes of buffer[at:have] have come and are not used yet: requests that the loop has sent ahead. Written before
        # a request begins, so that they are right wherever an interrupt lands.
        self.at = 0
        self.have = 0
        self.thread = threading.Thread(target=self._run, name="tunicorn-thread-%d" % index, daemon=True)

    @property
    def begun(self) -> int:
        """How many requests it has begun."""
        return self.number - self.guard.skipped

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
        app, base, _, _, ledger, new_exchange = self.shared
        sock, mail, guard = self.sock, self.mail, self.guard
        extension, clock = self.extension, monotonic
        entry = 2 * (self.index - 1)
        ledger[entry + 1] = threading.get_ident()
        receive, unpack = sock.recv_into, HEADER.unpack_from
        buffer, view = self.buffer, self.view
        # The last response is complete, but its END was left out because the next request was at hand.
        owed = False
        while True:
            at, have = self.at, self.have
            if at == have:
                at, have = 0, receive(buffer)
            if have - at < HEADER_BYTES:
                at, have = self._header(at, have)
            length, word = unpack(buffer, at)
            start = at + HEADER_BYTES
            end = start + length
            if end <= have:
                whole = view[start:end]
                self.at, self.have = end, have
            else:
                whole = self._rest(start, have, length)
            self.number = number = self.number + 1
            extension.started = clock()
            guard.begun = guard.current = number
            if guard.skip and guard.skips(number):
                if owed:
                    frame.send(sock, frame.END)
                    owed = False
                continue
            guard.ran = ledger[entry] = number
            owed = False
            split = word >> 8
            environ = base.copy()
            environ.update(loads(whole[:split]))
            exchange = new_exchange(sock, number, mail)
            environ["wsgi.early_hints"] = exchange.early_hints
            environ["tunicorn.extend_timeout"] = exchange.extend_timeout
            if number & _SAMPLE_MASK == 0:
                exchange.pauses = pauses()
            result = body = None
            try:
                body = io.BytesIO() if split == length else _body(word & 255, whole[split:])
                environ["wsgi.input"] = body
                result = app(environ, exchange.start_response)
                owed = exchange.answer(result)
                if owed and not self._next_at_hand():
                    owed = False
                    exchange.end()
            except (WireClosed, RequestTimeout):
                raise
            except BodyLost as lost:
                exchange.fail_body(lost.error)
            except BaseException:
                exchange.fail(result)
            guard.current = 0
            if guard.interrupting:
                guard.absorb()
            # Whatever the application held by these must not live until the next request comes.
            if word & 255 == REQUEST_FILE and body is not None:
                body.close()
            del environ, exchange, whole, result, body

    def _next_at_hand(self) -> bool:
        """A whole request waits in the buffer: its answer tells the loop that this one is over."""
        ahead = self.have - self.at - HEADER_BYTES
        return ahead >= 0 and ahead >= HEADER.unpack_from(self.buffer, self.at)[0]

    def _header(self, at: int, have: int) -> Tuple[int, int]:
        """What is at hand is less than a header, or the end of the stream. Returns where it stands when it is complete."""
        if have == 0:
            raise WireClosed
        size = have - at
        self.buffer[:size] = self.buffer[at:have]
        frame.fill(self.sock, self.view, size, HEADER_BYTES)
        return 0, HEADER_BYTES

    def _rest(self, start: int, have: int, length: int) -> memoryview:
        """The payload of a request that came in several parts: in a buffer of its own, with nothing of the next."""
        whole = memoryview(bytearray(length))
        size = have - start
        whole[:size] = self.view[start:have]
        frame.fill(self.sock, whole, size, length)
        self.at = self.have = 0
        return whole


class BodyLost(Exception):
    """No descriptor is left, mostly, and the application has them."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _body(kind: int, rest: memoryview) -> Union[io.BytesIO, io.BufferedReader]:
    if kind == REQUEST:
        return io.BytesIO(rest)
    if kind != REQUEST_FILE:
        raise WireClosed
    try:
        return open(bytes(rest), "rb")
    except OSError as error:
        raise BodyLost(error) from None
