"""Answers the drill's paths in the thread, in place of the application; every other path is the application's.

Imported only when a drill has started the server. The names are explained in src/wire/probe.ts.
"""

import ctypes
import os
import time
from typing import Any, Callable, Dict, Iterable, List

from .loader import App

_EXIT_CODE = 7
_PIECE = bytes(65536)
_FOR_EVER = 10**8


def around(app: App, token: str) -> App:
    """The application, but for the paths of this token."""
    prefix = "/-%s-/" % token

    def probing(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(prefix):
            return app(environ, start_response)  # type: ignore[no-any-return]
        return _answer(path[len(prefix) :], environ, start_response)

    return probing


def _answer(name: str, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    query = environ["QUERY_STRING"]
    if name == "hang":
        time.sleep(_FOR_EVER)
    elif name == "spin":
        while True:
            pass
    elif name == "native":
        # Releases the interpreter's lock and never comes back; an exception set from outside is not seen.
        ctypes.CDLL(None).sleep(_FOR_EVER)
    elif name == "exit":
        os._exit(_EXIT_CODE)
    elif name == "read":
        environ["wsgi.input"].read()
    elif name == "work":
        time.sleep(float(query))
    elif name == "big":
        return _zeros(int(query), start_response)
    elif name != "ok":
        start_response("404 Not Found", [])
        return []
    headers: List[Any] = []
    start_response("200 OK", headers)
    return [b""]


def _zeros(length: int, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", str(length))])
    return (_PIECE[: min(len(_PIECE), length - at)] for at in range(0, length, len(_PIECE)))
