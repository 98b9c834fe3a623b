"""pre_request and post_request: called in the thread of the request, around the application and its response.

Only a process that has one of them uses these classes. post_request runs before the loop hears that the thread is free, so
that a slow one keeps its own thread, counts for `timeout`, and is never run twice or beside the next request.
"""

import socket
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Type

from . import frame
from .config_module import arity_of
from .files import FileRange
from .hook_objects import InnerWorker
from .loader import App
from .wsgi import Exchange, Mail, RequestTimeout

Environ = Dict[str, Any]


class Request:
    """`req`, from the request's environ, with Gunicorn's names."""

    def __init__(self, environ: Environ, number: int) -> None:
        self.environ = environ
        self.req_number = number
        self.method: str = environ["REQUEST_METHOD"]
        # As the client wrote it; path and query are its parts, still percent-encoded.
        self.uri: str = environ["RAW_URI"]
        self.query: str = environ["QUERY_STRING"]
        self.path: str = self.uri.partition("?")[0]
        self.fragment = ""
        self.scheme: str = environ["wsgi.url_scheme"]
        self.peer_addr: Tuple[str, int] = (environ["REMOTE_ADDR"], int(environ.get("REMOTE_PORT") or 0))
        self.remote_addr = self.peer_addr
        major, _, minor = environ["SERVER_PROTOCOL"].partition("/")[2].partition(".")
        self.version: Tuple[int, int] = (int(major), int(minor or 0))
        self.trailers: List[Tuple[str, str]] = []

    @property
    def body(self) -> Any:
        return self.environ["wsgi.input"]

    @property
    def headers(self) -> List[Tuple[str, str]]:
        """Names in capitals. A repeated field stands once, its values joined, as in environ."""
        fields = [(name[5:], value) for name, value in self.environ.items() if name.startswith("HTTP_")]
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if self.environ.get(name):
                fields.append((name, self.environ[name]))
        return [(name.replace("_", "-"), value) for name, value in fields]


class Response:
    """`resp`: what has been sent, or would have been."""

    def __init__(self, exchange: "HookedExchange") -> None:
        # "200 OK"; None when the application has not begun a response.
        self.status: Optional[str] = exchange.status if exchange.head is not None else None
        self.status_code: Optional[int] = None if self.status is None else int(self.status[:3])
        # Bytes of the body.
        self.sent = exchange.sent
        self.response_length = exchange.declared if exchange.head is not None else None
        self.headers_sent = exchange.head_sent
        self.req = exchange.request
        self.head = exchange.head

    @property
    def headers(self) -> List[Tuple[str, str]]:
        """As the application gave them."""
        lines = (self.head or b"").decode("latin-1").split("\r\n")[1:-1]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


class HookedExchange(Exchange):
    """An exchange that tells post_request of its end. `calls` is set by `around` in a class of its own."""

    __slots__ = ("environ", "request", "told")

    def __init__(self, sock: socket.socket, number: int, mail: Mail) -> None:
        super().__init__(sock, number, mail)
        self.environ: Environ = {}
        # None until the application is about to be called.
        self.request: Optional[Request] = None
        self.told = False

    def tell(self) -> None:
        """Calls post_request, once."""
        if self.told:
            return
        self.told = True
        if self.request is not None:
            self.calls.post(self.request, self.environ, self)  # type: ignore[attr-defined]

    def answer(self, result: Iterable[bytes]) -> bool:
        try:
            owed = super().answer(result)
            if self.told:
                return owed
            # A response that is complete in one frame: END is owed, whatever the frame was.
            self.tell()
            return True
        except RequestTimeout:
            self.tell()
            raise

    def end(self, gone: int = 0) -> None:
        self.tell()
        super().end(gone)

    def _failed(self, aux: int, text: str) -> None:
        self.tell()
        super()._failed(aux, text)

    def fail(self, result: Any = None) -> None:
        if self.complete:
            self.tell()
        super().fail(result)

    def _send_whole(self, kind: int, body: bytes) -> None:
        # WHOLE would say that the thread is free.
        super()._send_whole(frame.WHOLE_OPEN, body)

    def _send_file(self, span: FileRange) -> bool:
        taken = super()._send_file(span)
        if taken:
            self.sent = span.length if self.declared is None else min(span.length, self.declared)
        return taken


class Calls:
    """The two hooks, ready to be called."""

    def __init__(self, hooks: Dict[str, Callable[..., Any]], worker: InnerWorker) -> None:
        self.worker = worker
        self.pre_request = hooks.get("pre_request")
        self.post_request = hooks.get("post_request")
        # As Gunicorn: 2 arguments (worker, req), 3 (environ, too) or 4 (resp, too).
        self.arity = 4 if self.post_request is None else arity_of(self.post_request) or 4

    def pre(self, request: Request) -> None:
        if self.pre_request is not None:
            self.pre_request(self.worker, request)

    def post(self, request: Request, environ: Environ, exchange: HookedExchange) -> None:
        if self.post_request is None:
            return
        try:
            given = (self.worker, request, environ, Response(exchange))
            self.post_request(*given[: self.arity])
        except Exception:
            self.worker.log.exception("Exception in post_request hook")


def around(
    app: App, hooks: Dict[str, Callable[..., Any]], worker: InnerWorker
) -> Tuple[App, Type[HookedExchange]]:
    """The application between the two hooks, and the exchange that its requests need."""
    the_calls = Calls(hooks, worker)

    class Exchanges(HookedExchange):
        __slots__ = ()
        calls = the_calls

    def hooked(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        exchange: HookedExchange = start_response.__self__  # type: ignore[attr-defined]
        exchange.environ = environ
        exchange.request = Request(environ, exchange.number)
        try:
            # What it raises is answered as what the application raises: 500.
            the_calls.pre(exchange.request)
            return app(environ, start_response)  # type: ignore[no-any-return]
        except RequestTimeout:
            exchange.tell()
            raise

    return hooked, Exchanges
