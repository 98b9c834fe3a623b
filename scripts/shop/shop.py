"""The shop of the screenshots: pages that take a moment, a report that hangs, an import that reads slowly and a catalogue
of some megabytes. A server under this load has somebody in every state."""

import random
import time

PAGE = b"<!doctype html><title>A shop</title><h1>A shop</h1>" + b"<p>Something to buy.</p>" * 40
CATALOGUE = 16 * 1024 * 1024


def rows_of(cursor):
    """A query whose lock somebody else holds."""
    while True:
        time.sleep(3600)
        yield cursor


def build_report(year):
    return [row for row in rows_of(f"SELECT * FROM orders WHERE year = {year} FOR UPDATE")]


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/reports/"):
        build_report(path.rsplit("/", 1)[1])
    elif path == "/catalogue.pdf":
        start_response("200 OK", [("Content-Type", "application/pdf"), ("Content-Length", str(CATALOGUE))])
        return (bytes(65536) for _ in range(CATALOGUE // 65536))
    elif path == "/imports":
        environ["wsgi.input"].read()
    else:
        time.sleep(random.choice((0.002, 0.004, 0.004, 0.006, 0.01, 0.03)))
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(PAGE)))])
    return [PAGE]
