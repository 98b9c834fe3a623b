"""Answers, or does not, in every way that an end code of the access log tells apart; the paths are those of
node/endings.mjs."""

import os
import time

BIG = b"b" * (12 * 1024 * 1024)


def pieces(path):
    yield BIG if path.startswith("/big") else b"first"
    if path.endswith("late"):
        raise RuntimeError("behind the head")
    while True:
        time.sleep(0.02)
        if path == "/steps":
            yield b"next"


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise RuntimeError("before the head")
    if path == "/die":
        os._exit(1)
    if path == "/hang":
        while True:
            time.sleep(0.02)
    if path in ("/stall", "/late", "/steps", "/big-late", "/big-and-on"):
        start_response("200 OK", [])
        return pieces(path)
    if path == "/pause":
        time.sleep(0.2)
    if path == "/short":
        start_response("200 OK", [("Content-Length", "10")])
        return [b"short"]
    start_response("200 OK", [])
    return [BIG if path == "/big" else b"ok"]
