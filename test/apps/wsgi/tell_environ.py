"""Answers with the environ it got, as JSON: strings as they are, everything else as the name of its type or its value."""
import json
import os


def app(environ, start_response):
    told = {}
    for key, value in environ.items():
        if isinstance(value, (str, bool, int)):
            told[key] = value
        elif isinstance(value, tuple):
            told[key] = list(value)
        else:
            told[key] = "<%s>" % type(value).__name__
        # PEP 3333: native strings whose characters are all latin-1.
        if isinstance(value, str):
            value.encode("latin-1")
    # The environ must be a dict of its own for each request: what one leaves in it the next must not see.
    told["left over"] = "test.mark" in environ
    environ["test.mark"] = True
    told["exported software"] = os.environ.get("SERVER_SOFTWARE")
    body = json.dumps(told).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
