"""Answers every request with its method, its target as it was sent, and its body."""


def app(environ, start_response):
    body = environ["wsgi.input"].read()
    line = "%s %s\n" % (environ["REQUEST_METHOD"], environ["RAW_URI"])
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [line.encode("latin-1") + body]
