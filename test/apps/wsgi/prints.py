"""Writes to its standard streams in every way there is: Python, native code, a process of its own; at its start and at its end.
The paths are those of node/prints.mjs."""

import atexit
import os
import subprocess
import sys

print("printed while loading")
atexit.register(lambda: print("printed at the end, without a line end", end=""))


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/print":
        print("printed on stdout")
        print("printed on stderr", file=sys.stderr)
    elif path == "/native":
        os.write(1, b"written to descriptor 1\n")
        os.write(2, b"written to descriptor 2\n")
    elif path == "/child":
        subprocess.run(["sh", "-c", "echo child on stdout; echo child on stderr >&2"], check=True)
    elif path == "/much":
        for _ in range(200):
            print("much " * 20_000)
    start_response("200 OK", [])
    return [b"ok"]
