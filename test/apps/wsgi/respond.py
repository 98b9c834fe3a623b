"""One response for each thing that PEP 3333 lets an application do; the path chooses it."""
import sys
import threading

TEXT = [("Content-Type", "text/plain")]


class Counted:
    """An iterable whose close() is counted."""

    closed = 0
    lock = threading.Lock()

    def __init__(self, pieces):
        self.pieces = iter(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)

    def close(self):
        with Counted.lock:
            Counted.closed += 1


def fixed(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "5")])
    return [b"fixed"]


def no_length(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"one ", b"two ", b"", b"three"]


def one_piece(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"single"]


def empty(environ, start_response):
    start_response("200 OK", TEXT)
    return []


def generator(environ, start_response):
    """A generator runs only when the server asks for the first item, so start_response comes late, which is allowed."""
    start_response("200 OK", TEXT)
    yield b"lazy "
    yield b"start"


def by_write(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"written ")
    write(b"twice ")
    return [b"then returned"]


def by_write_with_length(environ, start_response):
    write = start_response("200 OK", TEXT + [("Content-Length", "7")])
    write(b"written")
    return []


def too_long(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "5")])
    return [b"fixed", b" and more than it said"]


def too_short(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "50")])
    return [b"less than it said"]


def replaced(environ, start_response):
    """Nothing was sent yet, so exc_info lets the application start again."""
    start_response("200 OK", TEXT + [("X-First", "1")])
    try:
        raise ValueError("found out in time")
    except ValueError:
        start_response("503 Try Later", TEXT + [("X-Second", "2")], sys.exc_info())
    return [b"replaced"]


def too_late(environ, start_response):
    """Something was sent, so start_response must raise the exception that it is given."""
    write = start_response("200 OK", TEXT)
    write(b"begun")
    try:
        raise ValueError("found out too late")
    except ValueError:
        start_response("500 Oops", TEXT, sys.exc_info())
    return [b"never"]


def twice(environ, start_response):
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return [b"never"]


def never_started(environ, start_response):
    return [b"no head"]


def raising(environ, start_response):
    raise RuntimeError("raised on purpose")


def raising_late(environ, start_response):
    start_response("200 OK", TEXT)
    yield b"begun"
    raise RuntimeError("raised after the first piece")


def raising_exit(environ, start_response):
    sys.exit("the application wanted to exit")


def not_bytes(environ, start_response):
    start_response("200 OK", TEXT)
    return ["text, and not bytes"]


def injected(environ, start_response):
    start_response("200 OK", TEXT + [("X-Injected", "a\r\nX-Evil: 1")])
    return [b"never"]


def hop_by_hop(environ, start_response):
    start_response("200 OK", TEXT + [("Transfer-Encoding", "chunked"), ("Content-Length", "3")])
    return [b"hop"]


def no_content(environ, start_response):
    start_response("204 No Content", [("X-Kept", "yes")])
    return []


def not_modified(environ, start_response):
    start_response("304 Not Modified", [("ETag", '"x"')])
    return []


def cookies(environ, start_response):
    start_response("200 OK", TEXT + [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("set-cookie", "c=3")])
    return [b"three"]


def reasons(environ, start_response):
    start_response("299 Quite A Reason", TEXT)
    return [b"odd"]


def own_fields(environ, start_response):
    start_response("200 OK", TEXT + [("Server", "mine"), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT")])
    return [b"own"]


def latin(environ, start_response):
    start_response("200 OK", TEXT + [("X-Latin", "caf\u00e9")])
    return [b"latin"]


def closing(environ, start_response):
    start_response("200 OK", TEXT + [("Connection", "close")])
    return [b"bye"]


def counted(environ, start_response):
    start_response("200 OK", TEXT)
    return Counted([b"counted"])


def counted_raising(environ, start_response):
    start_response("200 OK", TEXT)

    def pieces():
        yield b"begun"
        raise RuntimeError("raised by a counted iterable")

    return Counted(pieces())


def closed_count(environ, start_response):
    start_response("200 OK", TEXT)
    return [str(Counted.closed).encode()]


def errors(environ, start_response):
    stream = environ["wsgi.errors"]
    stream.write("a line ")
    stream.writelines(["for the ", "error log\n"])
    stream.flush()
    start_response("200 OK", TEXT)
    return [b"logged"]


VIEWS = {
    name.replace("_", "-"): view
    for name, view in list(globals().items())
    if callable(view) and not isinstance(view, type)
}


def app(environ, start_response):
    return VIEWS[environ["PATH_INFO"].strip("/")](environ, start_response)
