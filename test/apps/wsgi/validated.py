"""An application behind wsgiref's validator: it raises AssertionError at whatever PEP 3333 forbids."""
from wsgiref.validate import validator


def inner(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body) + 3))])
    return [b"ok ", body]


app = validator(inner)
