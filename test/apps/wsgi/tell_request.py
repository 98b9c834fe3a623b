"""Answers every request with its method, its target as it was sent, and its body. Other servers run it, too."""


def app(environ, start_response):
    body = environ["wsgi.input"].read()
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI", "")
    line = "%s %s\n" % (environ["REQUEST_METHOD"], target)
    answer = line.encode("latin-1") + body
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(answer)))])
    return [answer]
