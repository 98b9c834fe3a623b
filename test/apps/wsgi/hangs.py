"""Hangs in every place in which an application can, for as many seconds as the query says, else for ever. With a field
X-Extend it asks for so many seconds first, with X-Say it says that it has begun. Each way is a function of its own name, so that a stack tells which it was."""

import ctypes
import importlib
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time

FOREVER = 100000


def sleep(seconds):
    time.sleep(seconds)


def spin(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def native(seconds):
    """Releases the interpreter's lock."""
    ctypes.CDLL(None).usleep(int(seconds * 1e6) if seconds < 1000 else 0xFFFFFFFF)


def hold(seconds):
    """Keeps the interpreter's lock."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6) if seconds < 1000 else 0xFFFFFFFF)


def lock(seconds):
    mutex = threading.Lock()
    mutex.acquire()
    mutex.acquire(timeout=seconds)


def take_from_queue(seconds):
    queue.Queue().get(timeout=seconds)


def run_command(seconds):
    # It outlives the request, so it must end by itself soon.
    subprocess.run(["sleep", str(min(seconds, 15))])


def receive(seconds):
    ours, theirs = socket.socketpair()
    ours.settimeout(seconds)
    with ours, theirs:
        ours.recv(1)


def swallow(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            spin(seconds)
        except BaseException:
            pass


def clean_up(seconds):
    """Obeys, but not at once."""
    try:
        spin(seconds)
    finally:
        time.sleep(0.25)


def deadlock(seconds):
    """Two threads, each with the lock that the other wants."""
    first, second = threading.Lock(), threading.Lock()
    met = threading.Barrier(2)

    def other():
        with second:
            met.wait()
            first.acquire(timeout=seconds)

    threading.Thread(target=other, daemon=True).start()
    with first:
        met.wait()
        second.acquire(timeout=seconds)


def import_lazily(seconds):
    folder = tempfile.mkdtemp()
    name = "lazy_%s" % os.path.basename(folder)
    with open(os.path.join(folder, name + ".py"), "w") as module:
        module.write("import time\ntime.sleep(%s)\n" % seconds)
    sys.path.append(folder)
    sys.dont_write_bytecode = True
    importlib.import_module(name)


def pause_between_pieces(seconds):
    yield b"begun "
    spin(seconds)
    yield b"ended"


class HangInClose:
    """The response is complete, and close() does not come back."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __iter__(self):
        return iter([b"whole"])

    def close(self):
        sleep(self.seconds)


WAYS = {
    "/" + way.__name__: way
    for way in (
        sleep,
        spin,
        native,
        hold,
        lock,
        take_from_queue,
        run_command,
        receive,
        swallow,
        clean_up,
        deadlock,
        import_lazily,
    )
}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    seconds = float(environ["QUERY_STRING"] or FOREVER)
    if "HTTP_X_EXTEND" in environ:
        environ["tunicorn.extend_timeout"](float(environ["HTTP_X_EXTEND"]))
    if "HTTP_X_SAY" in environ:
        print("begun", flush=True)
    if path in WAYS:
        WAYS[path](seconds)
    if path == "/close_behind_length":
        # Whoever knows the length has the whole response before close() is called.
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return HangInClose(seconds)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/pause_between_pieces":
        return pause_between_pieces(seconds)
    if path == "/close":
        return HangInClose(seconds)
    return [b"served by %d" % os.getpid()]
