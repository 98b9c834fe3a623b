"""Requests that wait for the test and not for time: each waits in a thread until somebody writes to the fifo that its
query names. What ran, and what was closed, can be asked for."""
import json
import threading
from urllib.parse import parse_qs

LOCK = threading.Lock()
RAN = []
CLOSED = []


class Pieces:
    """Endless pieces; close() is noted under the name that the query gave."""

    def __init__(self, name, size):
        self.name = name
        self.piece = b"x" * size

    def __iter__(self):
        return self

    def __next__(self):
        return self.piece

    def close(self):
        with LOCK:
            CLOSED.append(self.name)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    if path == "/told":
        with LOCK:
            body = json.dumps({"ran": RAN, "closed": CLOSED}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
    with LOCK:
        RAN.append(query.get("name", path))
    if path == "/endless":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return Pieces(query["name"], int(query.get("size", "65536")))
    if path == "/step":
        return stepwise(start_response, query)
    if "fifo" in query:
        with open(query["fifo"], "rb") as fifo:
            fifo.read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"done"]


def stepwise(start_response, query):
    """The second piece is made only after the test has written to the fifo: the first must have arrived by then."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first"
    with open(query["fifo"], "rb") as fifo:
        fifo.read()
    yield b"second"
