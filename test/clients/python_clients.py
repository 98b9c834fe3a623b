"""Python's http.client and requests, tried on the application of the tests of clients. Takes the port and a name of one of the
functions below; says in JSON what it saw, which the test judges."""
import hashlib
import http.client
import json
import sys


def told_by(response):
    body = response.read()
    return {
        "status": response.status,
        "port": response.getheader("X-Client-Port"),
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def kept(port):
    """Twenty requests of every kind on one connection; each response is read before the next request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seen = []
    for turn in range(20):
        method, path, body = [
            ("GET", "/bytes/70000", None),
            ("HEAD", "/bytes/70000", None),
            ("POST", "/hash", b"x" * 50_000),
            ("GET", "/pieces/120000", None),
            ("POST", "/ignore", b"y" * 1000),
        ][turn % 5]
        connection.request(method, path, body)
        seen.append(told_by(connection.getresponse()))
    return seen


def chunks(port):
    """A generator as the body: http.client sends it in chunks, of one byte, none, and many."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    pieces = [b"a", b"bc" * 3, b"d" * 100_000, b"e"]
    connection.request("POST", "/hash", iter(pieces), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    return [json.loads(connection.getresponse().read()), hashlib.sha256(b"".join(pieces)).hexdigest()]


def old(port):
    """HTTP/1.0, without and with keep-alive."""
    seen = []
    for fields in ({}, {"Connection": "keep-alive"}):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
        ports = []
        for path in ("/bytes/1000", "/bytes/2000"):
            connection.request("GET", path, headers=fields)
            ports.append(told_by(connection.getresponse())["port"])
        seen.append(ports[0] == ports[1])
    return seen


def session(port):
    """A session of requests: pooled connections, a streamed and a multipart upload, a redirect, a compressed answer."""
    import requests

    base = "http://127.0.0.1:%d" % port
    seen = {}
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        streamed = session.post(base + "/hash", data=(b"z" * 1000 for _ in range(100)), timeout=60)
        seen["streamed"] = streamed.json()
        files = session.post(base + "/hash", files={"file": ("name.bin", b"f" * 200_000)}, timeout=60)
        seen["multipart"] = [files.json()["bytes"], int(files.request.headers["Content-Length"])]
        redirected = session.get(base + "/redirect", timeout=60)
        seen["redirected"] = [redirected.status_code, len(redirected.content), len(redirected.history)]
        seen["compressed"] = session.get(base + "/gzip", timeout=60).text == "compressed " * 500
        with session.get(base + "/pieces/500000", stream=True, timeout=60) as download:
            digest = hashlib.sha256()
            for piece in download.iter_content(7777):
                digest.update(piece)
            seen["download"] = digest.hexdigest()
        answers = [session.get(base + "/bytes/100", timeout=60) for _ in range(20)]
        ports = {answer.headers["X-Client-Port"] for answer in [streamed, files, redirected, download] + answers}
        seen["connections"] = len(ports)
    return seen


if __name__ == "__main__":
    print(json.dumps({each.__name__: each for each in (kept, chunks, old, session)}[sys.argv[2]](int(sys.argv[1]))))
