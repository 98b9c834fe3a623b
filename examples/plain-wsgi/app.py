"""A WSGI application with nothing but the standard library.

Each path shows one thing that the server does for an application: `/` says that it works, `/stream` sends a line
at a time, `/echo` tells what arrived, `/slow` keeps a thread busy so that you can watch the others go on.
"""
import html
import json
import os
import threading
import time
from urllib.parse import parse_qs

PATHS = [
    ("/stream", "ten lines, one every half second: each reaches you when it is made"),
    ("/echo?name=you", "what the application saw of your request, as JSON; takes a POST body too"),
    ("/slow?seconds=3", "keeps its thread asleep; open it several times, the rest goes on"),
    ("/missing", "a 404 of the application's own"),
    ("/raise", "an exception: you get a 500, the error log gets the traceback, the thread goes on"),
]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>It works</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 1.05rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }}
code {{ background: #eef; padding: .1em .3em; border-radius: .2em; }} li {{ margin: .4rem 0; }}
</style></head><body>
<h1>It works.</h1>
<p>This page came from <code>{thread}</code> of process <code>{pid}</code> through <code>{server}</code>.</p>
<p>The application is <code>examples/plain-wsgi/app.py</code>. Its paths:</p>
<ul>{paths}</ul>
</body></html>
"""


def application(environ, start_response):
    """PEP 3333's entry point: chooses the view by path."""
    views = {"/": home, "/stream": stream, "/echo": echo, "/slow": slow, "/raise": broken}
    view = views.get(environ["PATH_INFO"], missing)
    return view(environ, start_response)


def home(environ, start_response):
    items = "".join(
        f'<li><a href="{html.escape(path)}">{html.escape(path)}</a>: {html.escape(text)}</li>' for path, text in PATHS
    )
    page = PAGE.format(
        thread=html.escape(threading.current_thread().name),
        pid=os.getpid(),
        server=html.escape(environ.get("SERVER_SOFTWARE", "a WSGI server")),
        paths=items,
    )
    return respond(start_response, "200 OK", "text/html; charset=utf-8", page)


def stream(environ, start_response):
    """An iterable that takes its time: the server passes each item on at once."""
    pause = min(float(query(environ, "pause", "0.5")), 5.0)
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")])

    def lines():
        for number in range(1, 11):
            yield f"line {number} of 10\n".encode()
            if number < 10:
                time.sleep(pause)

    return lines()


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    answer = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": parse_qs(environ["QUERY_STRING"]),
        "protocol": environ["SERVER_PROTOCOL"],
        "client": environ.get("REMOTE_ADDR", ""),
        "fields": {key[5:].replace("_", "-").title(): value for key, value in environ.items() if key.startswith("HTTP_")},
        "body_bytes": len(body),
        "body_start": body[:200].decode("utf-8", "replace"),
    }
    return respond(start_response, "200 OK", "application/json", json.dumps(answer, indent=2) + "\n")


def slow(environ, start_response):
    seconds = min(float(query(environ, "seconds", "3")), 20.0)
    time.sleep(seconds)
    return respond(start_response, "200 OK", "text/plain", f"slept {seconds:g} s in {threading.current_thread().name}\n")


def broken(environ, start_response):
    raise RuntimeError("raised on purpose by examples/plain-wsgi")


def missing(environ, start_response):
    return respond(start_response, "404 Not Found", "text/plain", f"nothing at {environ['PATH_INFO']}\n")


def query(environ, name, default):
    return parse_qs(environ["QUERY_STRING"]).get(name, [default])[0]


def respond(start_response, status, content_type, text):
    body = text.encode()
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
