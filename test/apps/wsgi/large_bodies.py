"""POST tells how many bytes arrived and their SHA-256; GET /N makes N mebibytes, a piece of 64 KiB at a time. Mebibyte
number k is filled with the byte k % 251: what is lost, doubled or in the wrong order changes the hash."""
import hashlib
import json


def app(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        return upload(environ, start_response)
    mebibytes = int(environ["PATH_INFO"].strip("/") or 0)
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(mebibytes << 20))])
    return (bytes([index // 16 % 251]) * 65536 for index in range(mebibytes * 16))


def upload(environ, start_response):
    digest = hashlib.sha256()
    count = 0
    while True:
        piece = environ["wsgi.input"].read(65536)
        if not piece:
            break
        count += len(piece)
        digest.update(piece)
    told = json.dumps({"bytes": count, "sha256": digest.hexdigest()}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
    return [told]
