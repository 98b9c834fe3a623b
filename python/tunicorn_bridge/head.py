"""Checks and encodes the head of a response: status and header list to bytes, refusing whatever could split it.

Nothing an application passes here reaches the wire unless every character is one that HTTP allows in that place.
"""

import re
import sys
from typing import Dict, Iterable, Optional, Set, Tuple
from wsgiref.util import is_hop_by_hop

from .frame import HEAD_MAX
from .server_log import Tell

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STATUS = re.compile(r"[1-9][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?")
_DIGITS = re.compile(r"[0-9]{1,18}")
_FORBIDDEN = re.compile(r"[^\t\x20-\x7e\x80-\xff]")

# What wsgiref counts as hop-by-hop, and one that it has forgotten, PEP 3333 forbids to applications: it is about one
# connection, which is the server's. Gunicorn drops it without a word, so applications that run there send it. It is dropped
# here, too, and that is said, once for each name. Of these two the loop makes what is right: "close" is a wish that counts.
_FOR_THE_LOOP = {"connection", "upgrade"}
_told: Set[str] = set()

# Names and statuses that have passed: applications use few. Bounded, because some make names up.
_KNOWN_MAX = 1024
_known_names: Set[str] = set()
_known_statuses: Set[str] = set()
# Whole heads by what made them: most responses of an application have the head of another one.
_HEADS_MAX = 256
_HEAD_BYTES_MAX = 1024
_heads: Dict[Tuple[object, ...], Tuple[bytes, Optional[int]]] = {}

Headers = Iterable[Tuple[str, str]]


class BadHead(Exception):
    """The application gave a head that is not HTTP. Raised into it as the built-in exception that it expects."""


class BadHeadValue(BadHead, ValueError):
    """A character or a number that may not be there."""


class BadHeadType(BadHead, TypeError):
    """No str."""


def _to_stderr(level: str, text: str, code: str = "") -> None:
    sys.stderr.write("%s (%s)\n" % (text, code))


_tell: Tell = _to_stderr


def tell_with(tell: Tell) -> None:
    """Where it is told what is dropped: the error log of the server."""
    global _tell
    _tell = tell


def encode_head(status: str, headers: Headers) -> Tuple[bytes, Optional[int]]:
    """Returns b"200 OK\\r\\nName: value\\r\\n..." and the declared Content-Length.

    Raises TypeError for what is not a str and ValueError for what HTTP does not allow (PEP 3333, RFC 9110 5.5).
    """
    headers = list(headers) if type(headers) is not list else headers
    try:
        key = (status, *headers)
        known = _heads.get(key)
    except TypeError:
        # A pair that is a list cannot be a key.
        return _encode(status, headers)
    if known is None:
        known = _encode(status, headers)
        if len(known[0]) <= _HEAD_BYTES_MAX:
            if len(_heads) >= _HEADS_MAX:
                _heads.clear()
            _heads[key] = known
    return known


def _encode(status: str, headers: Headers) -> Tuple[bytes, Optional[int]]:
    if status not in _known_statuses:
        _check_status(status)
    parts = [status, "\r\n"]
    length: Optional[int] = None
    for name, value in headers:
        if name not in _known_names and not _may_be_sent(name):
            continue
        # The two str methods are the quick way for what nearly every value is: printable ASCII. A subclass may have its own.
        if not isinstance(value, str):
            raise BadHeadType("value of response header %r must be str, not %s" % (name, type(value).__name__))
        plain = type(value) is str and value.isascii() and value.isprintable()
        if not plain and _VALUE.fullmatch(value) is None:
            raise BadHeadValue("value of response header %s has a character that HTTP forbids: %s" % (name, _forbidden(value)))
        if len(name) == 14 and name.lower() == "content-length":
            length = _check_length(value, length)
        parts += (name, ": ", value, "\r\n")
    head = "".join(parts).encode("latin-1")
    if len(head) > HEAD_MAX:
        raise BadHeadValue("response head has %d bytes, and %d are the most that is sent" % (len(head), HEAD_MAX))
    return head, length


def forbids_body(status: str) -> bool:
    """True for the statuses that never carry a body (RFC 9110 6.4.1)."""
    return status[0] == "1" or status.startswith(("204", "304"))


def _check_status(status: str) -> None:
    if not isinstance(status, str):
        raise BadHeadType("response status must be str, not %s" % type(status).__name__)
    if _STATUS.fullmatch(status) is None:
        raise BadHeadValue("response status must look like '200 OK', not %r" % status)
    if len(_known_statuses) < _KNOWN_MAX:
        _known_statuses.add(status)


def _may_be_sent(name: str) -> bool:
    if not isinstance(name, str):
        raise BadHeadType("name of a response header must be str, not %s" % type(name).__name__)
    if _NAME.fullmatch(name) is None:
        raise BadHeadValue("name of a response header has a character that HTTP forbids: %r" % name)
    lower = name.lower()
    if lower == "proxy-connection" or (is_hop_by_hop(lower) and lower not in _FOR_THE_LOOP):
        if lower not in _told:
            _tell_hop_by_hop(name)
        return False
    if len(_known_names) < _KNOWN_MAX:
        _known_names.add(name)
    return True


def _tell_hop_by_hop(name: str) -> None:
    _told.add(name.lower())
    _tell(
        "warning",
        "The application sets the response header %s. PEP 3333 forbids it to: it belongs to the connection, "
        "and is not sent." % name,
        "hop-by-hop-field",
    )


def _forbidden(value: str) -> str:
    """The first character that may not be sent. The value itself is not shown: it may be a secret."""
    found = _FORBIDDEN.search(value)
    return repr(found.group()) if found else ""


def _check_length(value: str, before: Optional[int]) -> int:
    if _DIGITS.fullmatch(value) is None:
        raise BadHeadValue("Content-Length of the response must be a number, not %r" % value)
    length = int(value)
    if before is not None and before != length:
        raise BadHeadValue("Content-Length of the response is given twice, as %d and as %d" % (before, length))
    return length
