"""Takes its own thread or process down in every way that an application can; the rows of the freeze table ask for
these paths. Everything else is answered at once."""

import ctypes
import os
import resource
import struct
import subprocess
import sys
import threading
import time

BIG = 10 * 1024 * 1024
PIECE = 64 * 1024
RUNS = []

# So that /memory ends in a MemoryError and not with the machine.
if "ADDRESS_SPACE" in os.environ:
    resource.setrlimit(resource.RLIMIT_AS, (int(os.environ["ADDRESS_SPACE"]),) * 2)


# What native code gone wild may write to the descriptor of its thread: a header is a length, then the kind.
GARBAGE = {
    "noise": os.urandom(4096),
    "text": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "huge": struct.pack("<II", 0xFFFFFFFF, 16),
    "kind": struct.pack("<II", 0, 99),
    "order": struct.pack("<II", 4, 19) + b"evil",
    "head": struct.pack("<II", 4, 16 | 4 << 8) + b"evil",
    "beyond": struct.pack("<II", 8, 16 | 0x3FFFFF << 8) + b"200 OK\r\n",
    "cut": struct.pack("<II", 100000, 16) + b"200 OK\r\n",
}


# While the file that LOADS_ONLY_IN names is there and holds a pid, no other process can load this.
if os.path.exists(os.environ.get("LOADS_ONLY_IN", "")):
    with open(os.environ["LOADS_ONLY_IN"]) as only:
        if only.read() != str(os.getpid()):
            raise RuntimeError("not to be loaded in %d" % os.getpid())


def own_descriptor():
    """Where the socket pair of this thread is."""
    first = sys.modules["tunicorn_bridge.serve"].FIRST_THREAD_FD
    return first - 1 + int(threading.current_thread().name.rsplit("-", 1)[1])


def until_there(name):
    """The response begins at once and ends when the file is there."""
    yield b"begun "
    while not os.path.exists(name):
        time.sleep(0.02)
    yield b"ended"


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/sleep":
        time.sleep(100000)
    elif path == "/spin":
        while True:
            pass
    elif path == "/nap":
        # Computes for ever like that, and leaves the processor to others: for tests of who looks at it.
        while True:
            time.sleep(0.02)
    elif path == "/native":
        # Releases the interpreter's lock and never comes back; an exception set from outside is not seen.
        ctypes.CDLL(None).sleep(100000)
    elif path == "/command":
        subprocess.run(["sleep", "100000"])
    elif path == "/hints":
        for _ in range(8000):
            environ["wsgi.early_hints"]([("Link", "</%s.css>; rel=preload" % ("a" * 8000))])
    elif path == "/close-all":
        os.closerange(3, 256)
    elif path == "/close-own":
        os.close(own_descriptor())
    elif path == "/close-control":
        os.close(3)
    elif path == "/garbage":
        os.write(own_descriptor(), GARBAGE[environ["QUERY_STRING"]])
    elif path == "/garbage-control":
        os.write(3, GARBAGE[environ["QUERY_STRING"]])
    elif path == "/hold":
        # The same with the lock held: no other Python code of the process runs.
        ctypes.PyDLL(None).sleep(100000)
    elif path == "/exit":
        os._exit(7)
    elif path == "/segfault":
        ctypes.string_at(0)
    elif path == "/raise":
        raise ValueError("asked to")
    elif path == "/memory":
        eaten = []
        while True:
            eaten.append(bytearray(16 * 1024 * 1024))
    elif path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return until_there(environ["QUERY_STRING"])
    elif path == "/big":
        left = int(environ["QUERY_STRING"] or BIG)
        start_response("200 OK", [("Content-Length", str(left))])
        return (bytes(min(PIECE, left - at)) for at in range(0, left, PIECE))
    elif path == "/read":
        environ["wsgi.input"].read()
    elif path == "/runs":
        # How often /pause or /block has begun in this process.
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"%d" % len(RUNS)]
    elif path in ("/pause", "/block"):
        RUNS.append(path)
        time.sleep(float(environ["QUERY_STRING"] or 0.02))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
    return [b"Hello, World!"]
