"""wsgi.file_wrapper with the file and place that the query names, and with a thing that only looks like a file."""
import io
import os
from urllib.parse import parse_qs

CLOSED = []


class Noted(io.BytesIO):
    """Not a real file: it has no descriptor, so the wrapper must read it like any iterable."""

    def close(self):
        CLOSED.append("noted")
        super().close()


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    path = environ["PATH_INFO"]
    if path == "/closed":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [",".join(CLOSED).encode()]
    if path == "/memory":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](Noted(b"from memory " * 1000), 100)
    file = open(query["file"], "rb")
    file.seek(int(query.get("skip", "0")))
    fields = [("Content-Type", "application/octet-stream")]
    if "length" in query:
        fields.append(("Content-Length", query["length"]))
    elif path == "/sized":
        left = os.fstat(file.fileno()).st_size - file.tell()
        fields.append(("Content-Length", str(left)))
    start_response("200 OK", fields)
    return environ["wsgi.file_wrapper"](file, 65536)
