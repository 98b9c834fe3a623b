"""What clients that others wrote are tried on; test/apps/node/for-clients.mjs does the same. Every answer tells the client's
port, so that connections can be counted: /hash tells bytes and SHA-256 of the body, /bytes/N has N bytes (ranges, too),
/pieces/N as many without a length, /gzip is compressed for who accepts it, /ignore reads no body, /redirect leads to
/bytes/10."""
import gzip
import hashlib
import json
import re


def pattern(start, end):
    """Byte number n of a body is n * 7 % 251: what is lost, doubled or in the wrong order changes the hash."""
    block = bytes(n * 7 % 251 for n in range(251))
    first = start // 251
    return (block * (end // 251 + 1 - first))[start - first * 251 : end - first * 251]


def digest_of(body):
    digest = hashlib.sha256()
    count = 0
    while True:
        piece = body.read(65536)
        if not piece:
            return count, digest.hexdigest()
        count += len(piece)
        digest.update(piece)


def app(environ, start_response):
    method = environ["REQUEST_METHOD"]
    name, _, number = environ["PATH_INFO"].strip("/").partition("/")
    fields = [("X-Client-Port", environ["REMOTE_PORT"]), ("X-Method", method)]

    def answer(status, body, *more):
        start_response(status, fields + list(more) + [("Content-Length", str(len(body)))])
        return [body]

    if name == "hash":
        count, sha256 = digest_of(environ["wsgi.input"])
        told = json.dumps({"method": method, "bytes": count, "sha256": sha256}).encode()
        return answer("200 OK", told, ("Content-Type", "application/json"))
    if name == "bytes":
        size = int(number)
        asked = re.match(r"bytes=(\d+)-(\d*)$", environ.get("HTTP_RANGE", ""))
        if asked is None:
            return answer("200 OK", pattern(0, size), ("Accept-Ranges", "bytes"))
        start, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
        if start >= size:
            return answer("416 Range Not Satisfiable", b"", ("Content-Range", "bytes */%d" % size))
        return answer(
            "206 Partial Content", pattern(start, last + 1), ("Content-Range", "bytes %d-%d/%d" % (start, last, size))
        )
    if name == "pieces":
        size = int(number)
        start_response("200 OK", fields)
        return (pattern(at, min(size, at + 50_000)) for at in range(0, size, 50_000))
    if name == "gzip":
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            return answer("200 OK", gzip.compress(b"compressed " * 500), ("Content-Encoding", "gzip"))
        return answer("200 OK", b"compressed " * 500)
    if name == "redirect":
        return answer("302 Found", b"", ("Location", "/bytes/10"))
    return answer("200 OK", b"ignored")
