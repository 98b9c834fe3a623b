"""Reads wsgi.input in the way that the path names and answers with what came out, as JSON."""
import json


def read_all(body):
    return [body.read()]


def read_minus_one(body):
    return [body.read(-1), body.read()]


def read_pieces(body):
    pieces = []
    while True:
        piece = body.read(4)
        if not piece:
            return pieces
        pieces.append(piece)


def readline_all(body):
    lines = []
    while True:
        line = body.readline()
        if not line:
            return lines
        lines.append(line)


def readline_limited(body):
    return [body.readline(3), body.readline(100), body.read()]


def readlines(body):
    return body.readlines()


def readlines_hint(body):
    return body.readlines(1) + [b"|"] + body.readlines()


def iterate(body):
    return list(body)


def mixed(body):
    return [body.readline(), body.read(2), next(iter(body)), body.read()]


def past_end(body):
    return [body.read(), body.read(), body.read(10), body.readline(), b"".join(body.readlines())]


def zero(body):
    return [body.read(0), body.read()]


def nothing(body):
    return [b"not read"]


WAYS = {
    way.__name__: way
    for way in (
        read_all, read_minus_one, read_pieces, readline_all, readline_limited, readlines, readlines_hint,
        iterate, mixed, past_end, zero, nothing,
    )
}  # fmt: skip


def app(environ, start_response):
    pieces = WAYS[environ["PATH_INFO"].strip("/")](environ["wsgi.input"])
    told = {
        "pieces": [piece.decode("latin-1") for piece in pieces],
        "terminated": environ.get("wsgi.input_terminated", False),
        "length": environ.get("CONTENT_LENGTH"),
        "coding": environ.get("HTTP_TRANSFER_ENCODING"),
    }
    body = json.dumps(told).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
