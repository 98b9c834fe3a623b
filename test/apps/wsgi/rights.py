"""Tells whose rights it has: /status, /read?PATH, /make?PATH, /signal?PID."""

import os


def app(environ, start_response):
    path = environ["QUERY_STRING"]
    try:
        text = act(environ["PATH_INFO"], path)
    except OSError as error:
        text = type(error).__name__
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


def act(what, path):
    if what == "/read":
        with open(path) as file:
            return file.read()
    if what == "/make":
        with open(path, "w"):
            return oct(os.stat(path).st_mode & 0o777)
    if what == "/signal":
        os.kill(int(path), 0)
        return "sent"
    with open("/proc/self/status") as file:
        return file.read()
