"""Answers as the query says: status, fields ("Name: value"), pieces of the body, early hints."""
from urllib.parse import parse_qs


def app(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True, encoding="latin-1")
    if "hint" in query:
        environ["wsgi.early_hints"]([("Link", "</a.css>; rel=preload")])
    fields = [tuple(field.split(": ", 1)) for field in query.get("field", [])]
    start_response(query.get("status", ["200 OK"])[0], fields)
    pieces = [piece.encode("latin-1") for piece in query.get("piece", [])]
    # A generator's length is not known before its end.
    return pieces if "whole" in query else iter(pieces)
