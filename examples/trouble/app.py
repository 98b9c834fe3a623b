"""A WSGI application that gets into trouble when it is told to: what `npm start` serves.

Its page has a button for each trouble that freezes servers, and shows for each second what a normal client got meanwhile. What a
browser cannot do itself (500 slow clients, a flood) is done by clients.py, a process of its own with a bound on everything.
"""
import html
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import parse_qs

HERE = os.path.dirname(os.path.abspath(__file__))

# Only the page and clients.py send it: no page of somebody else's can, because a browser asks before it sends such a field.
FIELD = "HTTP_X_TROUBLE"

# What clients.py can do, with how many, for how many seconds, and what the button says.
TROUBLES = {
    "hang": (1, 20, "Hang a thread", "one request waits for 20 seconds, as for a database that does not answer"),
    "hang-all": (16, 20, "Hang every thread", "twice as many requests as there are threads wait for 20 seconds"),
    "spin": (1, 20, "Spin", "one request computes for 20 seconds and lets nobody else compute"),
    "crash": (1, 2, "Crash", "a request takes its Python process with it"),
    "slow": (500, 20, "500 slow clients", "each sends a byte a second of a request that it never ends"),
    "flood": (500, 15, "Flood", "500 connections of one address ask as fast as they are answered"),
}

# More than any trouble needs.
LONGEST_SECONDS = 60


def application(environ, start_response):
    """PEP 3333's entry point: chooses the view by path."""
    path = environ["PATH_INFO"]
    if path == "/":
        return respond(start_response, "200 OK", "text/html; charset=utf-8", page())
    if path == "/ping":
        return respond(start_response, "200 OK", "text/plain", "pong\n")
    if path == "/hold":
        # Holds a thread and no processor, as most requests do for most of their time.
        time.sleep(seconds(environ, 0.02))
        return respond(start_response, "200 OK", "text/plain", "held\n")
    view = {"/hang": hang, "/spin": spin, "/crash": crash, "/start": start, "/stop": stop, "/running": running}.get(path)
    if view is None:
        return respond(start_response, "404 Not Found", "text/plain", f"nothing at {path}\n")
    if FIELD not in environ:
        return respond(start_response, "403 Forbidden", "text/plain", "Use the buttons of the page at /.\n")
    return view(environ, start_response)


def hang(environ, start_response):
    time.sleep(seconds(environ, 20))
    return respond(start_response, "200 OK", "text/plain", "waited\n")


def spin(environ, start_response):
    until = time.monotonic() + seconds(environ, 20)
    while time.monotonic() < until:
        pass
    return respond(start_response, "200 OK", "text/plain", "computed\n")


def crash(environ, start_response):
    os._exit(1)


def start(environ, start_response):
    trouble = query(environ, "trouble", "")
    if trouble not in TROUBLES:
        return respond(start_response, "400 Bad Request", "text/plain", f"one of {', '.join(TROUBLES)}\n")
    count, length, _, _ = TROUBLES[trouble]
    command = [sys.executable, os.path.join(HERE, "clients.py"), trouble, environ["SERVER_PORT"]]
    command += ["--count", str(count), "--seconds", str(length), "--control", control(environ, trouble)]
    # A session of its own: it goes on when this process crashes, which is one of the troubles.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=child.wait, daemon=True).start()
    return respond(start_response, "200 OK", "application/json", json.dumps({"started": trouble, "seconds": length}))


def stop(environ, start_response):
    """All clients that make trouble go home."""
    stopped = [trouble for trouble in TROUBLES if tell(environ, trouble, b"stop")]
    return respond(start_response, "200 OK", "application/json", json.dumps({"stopped": stopped}))


def running(environ, start_response):
    found = [trouble for trouble in TROUBLES if tell(environ, trouble, b"ask")]
    return respond(start_response, "200 OK", "application/json", json.dumps({"running": found}))


def control(environ, trouble):
    """Where its clients listen for us: the workers are processes of their own, and any of them may be asked to stop it."""
    folder = os.path.join(tempfile.gettempdir(), f"tunicorn-trouble-{os.getuid()}-{environ['SERVER_PORT']}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.lstat(folder).st_uid != os.getuid():
        raise RuntimeError(f"{folder} is somebody else's")
    return os.path.join(folder, trouble)


def tell(environ, trouble, word):
    """False: it is not running."""
    with socket.socket(socket.AF_UNIX) as ours:
        ours.settimeout(1)
        try:
            ours.connect(control(environ, trouble))
            ours.sendall(word)
            return True
        except OSError:
            return False


def page():
    with open(os.path.join(HERE, "page.html"), encoding="utf-8") as file:
        text = file.read()
    buttons = "".join(
        f'<button type="button" data-trouble="{trouble}"><b>{html.escape(name)}</b><span>{html.escape(what)}</span></button>'
        for trouble, (_, _, name, what) in TROUBLES.items()
    )
    status = os.environ.get("STATUS_PAGE", "")
    link = f'<a href="{html.escape(status)}" target="_blank" rel="noopener">the status page</a>' if status else ""
    return text.replace("<!-- buttons -->", buttons).replace("<!-- status -->", link)


def seconds(environ, default):
    return max(0.0, min(float(query(environ, "seconds", str(default))), LONGEST_SECONDS))


def query(environ, name, default):
    return parse_qs(environ["QUERY_STRING"]).get(name, [default])[0]


def respond(start_response, status, content_type, text):
    body = text.encode()
    fields = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, fields)
    return [body]
