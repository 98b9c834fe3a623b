"""POST tells how many bytes arrived and their SHA-256; GET /N makes N mebibytes, a piece of 64 KiB at a time; GET
/whole/N returns N mebibytes in one piece."""
import hashlib
import json


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        return upload(environ, start_response)
    parts = environ["PATH_INFO"].strip("/").split("/")
    mebibytes = int(parts[-1])
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(mebibytes << 20))])
    if parts[0] == "whole":
        return [b"\0" * (mebibytes << 20)]
    return (b"\0" * 65536 for _ in range(mebibytes * 16))


def upload(environ, start_response):
    body = environ["wsgi.input"]
    digest = hashlib.sha256()
    count = 0
    while True:
        piece = body.read(65536)
        if not piece:
            break
        count += len(piece)
        digest.update(piece)
    told = json.dumps({"bytes": count, "sha256": digest.hexdigest()}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
    return [told]
