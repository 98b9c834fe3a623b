"""One request's response: start_response, write, the iterable, close (PEP 3333), turned into frames for the loop.

What is known to be complete goes out in one frame and one send. A thread is free for its next request when it has
sent WHOLE, END or FAILED, and not before close() has returned. Where the next request is at hand already, END is left
out: the first frame of its answer says the same.
"""

import os
import queue
import socket
import sys
import threading
import traceback
from typing import Any, Callable, Iterable, List, Optional, Set, Tuple, Union

from . import frame
from .extension import Extension
from .files import FileRange, FileWrapper, plain_range
from .frame import Bytes, WireClosed
from .head import BadHead, Headers, encode_head, forbids_body

ExcInfo = Tuple[Any, BaseException, Any]
App = Callable[..., Any]

# Tracebacks are for people: the end of an endless one tells as much.
_TRACEBACK_MAX = 65536

# The loop answers an offer as soon as it has opened the file.
_ANSWER_SECONDS = 30

_pack = frame.HEADER.pack


class RequestTimeout(BaseException):
    """Raised inside the application when its request is past its time; see interrupt.py."""

    # Threads (by ident) in which it was raised: the interpreter makes the object only then.
    landed: Set[int] = set()

    def __init__(self) -> None:
        super().__init__("the request is past its time")
        self.landed.add(threading.get_ident())


class ClientGone(BrokenPipeError):
    """The client has left. Raised out of write(); ends the iteration of a result."""


class Exchange:
    """The response to one request. A new one for each: a start_response that is kept too long must harm nobody."""

    __slots__ = ("sock", "number", "mail", "head", "declared", "status", "head_sent", "complete", "sent", "pauses")

    def __init__(self, sock: socket.socket, number: int, mail: "Mail") -> None:
        self.sock = sock
        self.number = number
        self.mail = mail
        self.head: Optional[bytes] = None
        self.head_sent = False
        self.complete = False
        self.sent = 0
        # How often this thread had waited when the request began; -1 when that is not looked at.
        self.pauses = -1

    def start_response(
        self, status: str, headers: Headers, exc_info: Optional[ExcInfo] = None
    ) -> Callable[[bytes], None]:
        """PEP 3333. Raises TypeError or ValueError for a head that HTTP does not allow."""
        if exc_info is not None:
            try:
                if self.head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.head is not None:
            raise AssertionError("Response headers already set!")
        self.head = None
        self.head, self.declared = encode_head(status, headers)
        self.status = status
        return self.write

    def early_hints(self, headers: Headers) -> None:
        """environ["wsgi.early_hints"]: sends 103 with these fields. Too late, once the head is out, does nothing."""
        if not self.head_sent:
            head, _ = encode_head("103 Early Hints", headers)
            self.sock.sendall(_pack(len(head), frame.INTERIM | len(head) << 8) + head)

    def extend_timeout(self, seconds: Union[int, float]) -> float:
        """environ["tunicorn.extend_timeout"]: more time for this request. See extension.py."""
        return self.mail.extension.ask(self.number, seconds)

    def write(self, piece: bytes) -> None:
        """The callable that start_response returns. Sends at once; blocks while the client cannot take more."""
        if not isinstance(piece, bytes):
            raise TypeError("write() takes bytes, not %s" % type(piece).__name__)
        if piece:
            self._stream(piece)

    def answer(self, result: Iterable[bytes]) -> bool:
        """Sends what the application returned and closes it. True: the response is complete, but END is still owed."""
        kind = type(result)
        if (kind is list or kind is tuple) and not self.head_sent:
            self._known(result)  # type: ignore[arg-type]
            return False
        try:
            self._deliver(result)
        except ClientGone:
            _close(result)
            self.end(gone=1)
            return False
        except RequestTimeout:
            _close(result)
            raise
        except BaseException:
            self.fail(result)
            return False
        _close(result)
        if self.complete:
            return True
        self.end()
        return False

    def end(self, gone: int = 0) -> None:
        """Tells the loop that the response is complete and the thread is free."""
        self.sock.sendall(_pack(0, frame.END | gone << 8))

    def fail(self, result: Any = None) -> None:
        """Called while an exception is handled: reports it. One that comes after a complete response is only logged."""
        text = _traceback()
        _close(result)
        if self.complete:
            sys.stderr.write(text)
            self.sock.sendall(_pack(0, frame.END))
            return
        is_bad_head = isinstance(sys.exc_info()[1], BadHead) and not self.head_sent
        self._failed(3 if is_bad_head else self.head_sent, text[-_TRACEBACK_MAX:])

    def fail_body(self, error: OSError) -> None:
        """The file of the request body cannot be opened: not the application's fault, and it has not been called."""
        self._failed(2, "Cannot open the temporary file of the request body: %s" % error.strerror)

    def _failed(self, aux: int, text: str) -> None:
        payload = text.encode("utf-8", "backslashreplace")
        self.sock.sendall(_pack(len(payload), frame.FAILED | aux << 8) + payload)

    def _known(self, items: List[bytes]) -> None:
        """A list or tuple: its whole length is known and it needs no close()."""
        if len(items) == 1 and type(items[0]) is bytes:
            body = items[0]
        else:
            for item in items:
                if not isinstance(item, bytes):
                    raise TypeError("the application's result must yield bytes, not %s" % type(item).__name__)
            body = b"".join(items)
        if self.declared_or_fail() is not None and len(body) > self.declared:  # type: ignore[operator]
            body = body[: self.declared]
        if len(body) <= frame.WHOLE_BODY_MAX:
            self._send_whole(frame.WHOLE, body)
            return
        self._declare(len(body))
        try:
            self._stream(body)
        except ClientGone:
            self.end(gone=1)
        else:
            self.end()

    def declared_or_fail(self) -> Optional[int]:
        """The declared length. Raises AssertionError when there is no head yet to declare one."""
        if self.head is None:
            raise AssertionError("The application returned without calling start_response.")
        return self.declared

    def _deliver(self, result: Iterable[bytes]) -> None:
        if isinstance(result, FileWrapper) and not self.head_sent and self.head is not None:
            span = plain_range(result.filelike)
            if span is not None and self._send_file(span):
                return
        for piece in result:
            if not isinstance(piece, bytes):
                raise TypeError("the application's result must yield bytes, not %s" % type(piece).__name__)
            if piece:
                self._stream(piece)
        if not self.head_sent:
            self.declared_or_fail()
            self._send_whole(frame.WHOLE_OPEN, b"")

    def _stream(self, piece: bytes) -> None:
        """Sends one non-empty piece, with the head before it if that has not been sent."""
        if self.mail.gone == self.number:
            raise ClientGone("the client has left")
        if not self.head_sent:
            declared = self.declared_or_fail()
            if declared is not None and len(piece) >= declared and declared <= frame.WHOLE_BODY_MAX:
                self._send_whole(frame.WHOLE_OPEN, piece[:declared])
                return
            self._send_head(piece)
            return
        self._send_pieces(piece)

    def _send_whole(self, kind: int, body: bytes) -> None:
        """Head and body in one frame. The usual way of a small response."""
        head = self.head
        assert head is not None
        size = len(head)
        self.head_sent = self.complete = True
        # What the application yields beyond the declared length is dropped.
        self.sent = len(body)
        if self.pauses >= 0:
            kind |= (frame.SAMPLED | (frame.WAITED if pauses() > self.pauses else 0)) << 8
        if len(body) <= frame.JOIN_MAX:
            self.sock.sendall(_pack(size + len(body), kind | size << 8) + head + body)
        else:
            self._gather([_pack(size + len(body), kind | size << 8), head, body])

    def _send_head(self, piece: bytes) -> None:
        head = self.head
        assert head is not None
        size = len(head)
        self.head_sent = True
        if len(piece) <= frame.JOIN_MAX and self.declared is None:
            self.sent = len(piece)
            self.sock.sendall(_pack(size + len(piece), frame.HEAD | size << 8) + head + piece)
            return
        self.sock.sendall(_pack(size, frame.HEAD | size << 8) + head)
        self._send_pieces(piece)

    def _send_pieces(self, piece: Bytes) -> None:
        """Sends a piece, never more than was declared: what exceeds it would be read as the next response."""
        if self.declared is not None and self.sent + len(piece) > self.declared:
            piece = piece[: self.declared - self.sent]
            if not piece:
                return
        self.sent += len(piece)
        size = len(piece)
        if size <= frame.JOIN_MAX:
            self.sock.sendall(b"".join((_pack(size, frame.PIECE), piece)))
            return
        view = memoryview(piece)
        for start in range(0, size, frame.PIECE_MAX):
            part = view[start : start + frame.PIECE_MAX]
            self._gather([_pack(len(part), frame.PIECE), part])

    def _gather(self, parts: List[Bytes]) -> None:
        """More than one call may be needed, so an interrupt in between leaves half a frame: mail.mid_frame says so."""
        self.mail.mid_frame = True
        frame.send_all(self.sock, parts)
        self.mail.mid_frame = False

    def _send_file(self, span: FileRange) -> bool:
        """Offers the file to the loop. True: it has it open. False: it could not, nothing has been sent."""
        length = span.length if self.declared is None else min(span.length, self.declared)
        before = self.head
        self._declare(length)
        head = self.head
        assert head is not None
        path = b"/proc/%d/fd/%d" % (os.getpid(), span.fileno)
        payload = head + frame.RANGE.pack(span.offset, length) + path
        self.sock.sendall(_pack(len(payload), frame.FILE | len(head) << 8) + payload)
        if self.mail.file_taken(self.number):
            self.head_sent = self.complete = True
            return True
        self.head = before
        return False

    def _declare(self, length: int) -> None:
        """Adds Content-Length where the application left it out and the whole length is known."""
        if self.declared is None and self.head is not None and not forbids_body(self.status):
            self.head += b"Content-Length: %d\r\n" % length


def _pauses_of_thread() -> int:
    """How often this thread has waited for something (voluntary context switches)."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def _not_known() -> int:
    return -1


try:
    import resource

    # Linux only: elsewhere nothing is known, and the loop gives a thread one request at a time.
    pauses = _pauses_of_thread if hasattr(resource, "RUSAGE_THREAD") else _not_known
except ImportError:
    pauses = _not_known


class Mail:
    """What the control thread leaves for a thread to find: no system call, no lock, one attribute read a piece."""

    __slots__ = ("gone", "mid_frame", "answers", "extension")

    def __init__(self, extension: Extension) -> None:
        self.extension = extension
        # The number of the request whose client has gone.
        self.gone = 0
        self.mid_frame = False
        # The loop's answers to offers of files: number of the request, and whether it has the file open.
        self.answers: "queue.SimpleQueue[Tuple[int, bool]]" = queue.SimpleQueue()

    def file_taken(self, number: int) -> bool:
        """Waits for the loop's answer. Raises WireClosed when none comes: the loop has given this thread up."""
        while True:
            try:
                answered, taken = self.answers.get(timeout=_ANSWER_SECONDS)
            except queue.Empty:
                raise WireClosed from None
            if answered == number:
                return taken


def _close(result: Any) -> None:
    """Calls close() if there is one. What it raises is logged: the response is decided already."""
    close = getattr(result, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        sys.stderr.write(_traceback())


def _traceback() -> str:
    """The exception being handled, without our own frames at the top."""
    kind, error, frames = sys.exc_info()
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_HERE) and frames.tb_next is not None:
        frames = frames.tb_next
    return "".join(traceback.format_exception(kind, error, frames))


_HERE = os.path.dirname(__file__) + os.sep
