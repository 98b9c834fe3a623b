"""Made-up streams for the Python half of the wire: frames in any pieces, requests of every shape, and frames that are broken.

One seed is one stream, and always the same one. test_fuzz.py plays the first of them; by hand, from the folder python:
`python3 -m tests.fuzz --seconds 600`, or `--seed N` for one again.
"""

import argparse
import marshal
import os
import random
import re
import socket
import sys
import tempfile
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Tuple

from tunicorn_bridge import frame
from tunicorn_bridge.files import FileWrapper
from tunicorn_bridge.ledger import make_ledger
from tunicorn_bridge.worker_thread import Shared, WorkerThread

# Around every bound of the code: a header, the buffer of a thread, a joined send, a piece.
SIZES = [0, 1, 7, 8, 9, 100, 4096, frame.JOIN_MAX - 1, frame.JOIN_MAX, frame.JOIN_MAX + 1, 65_535, 65_536, 300_000]
DEADLINE_SECONDS = 20
# For an answer that does not come, because the thread waits for what we do not send.
HALF_SECONDS = 5
HEAD = b"200 OK\r\n"


def play(seed: int) -> None:
    """Raises AssertionError when something does not hold."""
    chance = random.Random(seed)
    chance.choice([play_frames, play_requests, play_requests, play_halves, play_broken])(chance)


def some_bytes(chance: random.Random, size: int) -> bytes:
    """The same 61 over and over, an odd number, so that no two blocks of a buffer are alike."""
    some = chance.getrandbits(8 * 61).to_bytes(61, "little")
    return (some * (size // 61 + 1))[:size]


def some_size(chance: random.Random) -> int:
    return chance.choice(SIZES) if chance.random() < 0.3 else chance.randrange(200)


def send_in_pieces(sock: socket.socket, wire: bytes, seed: int, ends: bool = False) -> threading.Thread:
    """Sends it in pieces of every size, some of them with a pause behind, so that reads end anywhere; `ends` the stream."""

    def run() -> None:
        chance = random.Random(seed)
        at = 0
        try:
            while at < len(wire):
                size = chance.choice([1, 3, 8, 50, 1000, 70_000, len(wire)])
                sock.sendall(wire[at : at + size])
                at += size
                if chance.random() < 0.2 or size < 8:
                    time.sleep(0)
            if ends:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the reader has given it up, which is for the test to judge

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def pair() -> Tuple[socket.socket, socket.socket]:
    near, far = socket.socketpair()
    near.settimeout(DEADLINE_SECONDS)
    far.settimeout(DEADLINE_SECONDS)
    return near, far


# Frames in any pieces.


def play_frames(chance: random.Random) -> None:
    """Whatever is sent is received as it was, and a stream that ends inside a frame is told as ended."""
    near, far = pair()
    with near, far:
        frames = [
            (chance.randrange(256), chance.randrange(1 << 24), some_bytes(chance, some_size(chance)))
            for _ in range(chance.randrange(1, 20))
        ]
        wire = b"".join(frame.HEADER.pack(len(data), kind | aux << 8) + data for kind, aux, data in frames)
        lost = chance.randrange(1, frame.HEADER_BYTES + len(frames[-1][2]) + 1) if chance.random() < 0.5 else 0
        sender = send_in_pieces(near, wire[: len(wire) - lost], chance.randrange(1 << 30), ends=True)
        for kind, aux, data in frames[:-1] if lost else frames:
            assert frame.receive(far) == (kind, aux, bytearray(data))
        try:
            frame.receive(far)
        except frame.WireClosed:
            sender.join()
            return
        raise AssertionError("a frame was received that nobody sent")


# Requests in any pieces, and applications of several kinds.


class Plan:
    """A request, what its application does, and what the loop must hear of it."""

    def __init__(self, chance: random.Random, folder: str, number: int) -> None:
        self.number = number
        self.body = some_bytes(chance, some_size(chance))
        self.answer = [some_bytes(chance, some_size(chance)) for _ in range(chance.randrange(4))]
        self.way = chance.choice(["list", "generator", "write", "raise", "raise late", "early hints", "closes late"])
        self.reads = chance.choice(["all", "nothing", "a part", "by lines"])
        self.environ = {"NUMBER": str(number), "ODD": "\xe9\x00\x7f" * chance.randrange(50), "": ""}
        self.in_file = bool(self.body) and chance.random() < 0.3
        self.path = os.path.join(folder, "body%d" % number)

    def wire(self) -> bytes:
        head = marshal.dumps(self.environ, 2)
        tail, kind = self.body, frame.REQUEST
        if self.in_file:
            with open(self.path, "wb") as file:
                file.write(self.body)
            tail, kind = os.fsencode(self.path), frame.REQUEST_FILE
        return frame.HEADER.pack(len(head) + len(tail), kind | len(head) << 8) + head + tail

    def run(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Any:
        for name, value in self.environ.items():
            assert environ[name] == value
        self._read(environ["wsgi.input"])
        if self.way == "raise":
            raise ValueError("on purpose")
        if self.way == "early hints":
            environ["wsgi.early_hints"]([("Link", "</a>")])
        write = start_response("200 OK", [])
        if self.way == "write":
            for item in self.answer:
                write(item)
            return []
        if self.way == "list":
            return list(self.answer)
        return self._items()

    def _items(self) -> Iterator[bytes]:
        yield from self.answer
        if self.way == "raise late":
            raise ValueError("on purpose")

    def _read(self, body: Any) -> None:
        if self.reads == "all":
            assert body.read() == self.body
        elif self.reads == "a part":
            assert body.read(5) == self.body[:5]
        elif self.reads == "by lines":
            assert b"".join(body) == self.body

    def check(self, kinds: List[int], content: bytes) -> None:
        whole = b"".join(self.answer)
        failed = frame.FAILED in kinds
        if self.way == "raise":
            assert failed and content == b"", (kinds, content)
        elif self.way == "raise late":
            assert failed and whole.startswith(content), kinds
        else:
            assert not failed and content == whole, (self.way, kinds, len(content), len(whole))


LAST = (frame.WHOLE, frame.END, frame.FAILED)


def play_halves(chance: random.Random) -> None:
    """With one request comes a part of the next: the answer is complete without the rest of it, which waits for that."""
    with tempfile.TemporaryDirectory() as folder:
        plans = [Plan(chance, folder, number) for number in range(chance.randrange(2, 6))]
        loop, _ = serve(lambda environ, start: plans[int(environ["NUMBER"])].run(environ, start))
        loop.settimeout(HALF_SECONDS)
        with loop:
            begun = b""
            for plan, after in zip(plans, [*plans[1:], None]):
                rest = plan.wire()[len(begun) :]
                # A part of a large one would not be taken while nobody reads.
                begun = b"" if after is None else after.wire()[: chance.choice([1, 7, 8, 9, 20, 60])]
                sender = send_in_pieces(loop, rest + begun, chance.randrange(1 << 30))
                answers = Answers(loop)
                plan.check(*answers.next())
                assert not answers.ahead
                sender.join()


def play_requests(chance: random.Random) -> None:
    """Each is run once, in order, with its own environ and body, and answered once, however the stream was cut."""
    with tempfile.TemporaryDirectory() as folder:
        plans = [Plan(chance, folder, number) for number in range(chance.randrange(1, 12))]
        ran: List[int] = []

        def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Any:
            number = int(environ["NUMBER"])
            ran.append(number)
            return plans[number].run(environ, start_response)

        loop, thread = serve(app)
        with loop:
            sender = send_in_pieces(loop, b"".join(plan.wire() for plan in plans), chance.randrange(1 << 30))
            answers = Answers(loop)
            for plan in plans:
                plan.check(*answers.next())
            sender.join()
            assert ran == [plan.number for plan in plans], ran
        thread.thread.join(DEADLINE_SECONDS)
        assert not thread.thread.is_alive(), "the thread outlives its socket"


class Answers:
    """Reads answers as the loop does: one ends with its last frame, or where the next one begins."""

    def __init__(self, loop: socket.socket) -> None:
        self.loop = loop
        self.ahead: List[Tuple[int, int, bytes]] = []

    def next(self) -> Tuple[List[int], bytes]:
        """The kinds of its frames, and the content without the head."""
        kinds: List[int] = []
        content = b""
        while not kinds or kinds[-1] not in LAST:
            kind, aux, payload = self.ahead.pop() if self.ahead else self._receive()
            if kinds and kinds[-1] == frame.WHOLE_OPEN and kind != frame.END:
                # Its END was left out, because the next request was at hand.
                self.ahead.append((kind, aux, payload))
                break
            kinds.append(kind)
            if kind in (frame.WHOLE, frame.WHOLE_OPEN, frame.HEAD):
                size = aux & 0x3FFFFF
                # A list that is too long for one frame has its length told.
                assert re.fullmatch(HEAD + rb"(Content-Length: \d+\r\n)?", payload[:size]), payload[:size]
                content += payload[size:]
            elif kind == frame.PIECE:
                assert frame.HEAD in kinds, "a piece before the head"
                content += payload
        return kinds, content

    def _receive(self) -> Tuple[int, int, bytes]:
        kind, aux, payload = frame.receive(self.loop)
        return kind, aux, bytes(payload)


def serve(app: Callable[..., Any]) -> Tuple[socket.socket, WorkerThread]:
    loop, theirs = socket.socketpair()
    loop.settimeout(DEADLINE_SECONDS)
    base: Dict[str, Any] = {"wsgi.file_wrapper": FileWrapper, "wsgi.multithread": False}
    _, ledger = make_ledger(1)
    with open(os.devnull, "wb") as nowhere:
        notes = os.dup(nowhere.fileno())
    thread = WorkerThread(1, theirs, Shared(app, base, 300, notes, ledger))
    thread.start()
    threading.Thread(target=lambda: (thread.thread.join(), os.close(notes)), daemon=True).start()
    return loop, thread


# Frames that are none.


def play_broken(chance: random.Random) -> None:
    """Behind a good request: nothing is run of it, and the thread ends and closes its socket."""
    ran: List[str] = []

    def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> Any:
        ran.append(environ["NUMBER"])
        start_response("200 OK", [])
        return [b"x"]

    head = marshal.dumps({"NUMBER": "good"}, 2)
    good = frame.HEADER.pack(len(head), frame.REQUEST | len(head) << 8) + head
    loop, thread = serve(app)
    before, threading.excepthook = threading.excepthook, lambda _: None
    try:
        with loop:
            sender = send_in_pieces(loop, good + broken_frame(chance), chance.randrange(1 << 30))
            heard = bytearray()
            while True:
                piece = loop.recv(65_536)
                if not piece:
                    break
                heard += piece
            sender.join()
        assert ran == ["good"], ran
        assert bytes(heard[8:]).startswith(HEAD + b"x"), heard
        thread.thread.join(DEADLINE_SECONDS)
        assert not thread.thread.is_alive()
    finally:
        threading.excepthook = before


def broken_frame(chance: random.Random) -> bytes:
    head = marshal.dumps({"NUMBER": "broken", "MORE": "x" * chance.randrange(100)}, 2)
    body = some_bytes(chance, chance.randrange(1, 50))
    kind, split = frame.REQUEST, len(head)
    how = chance.choice(["kind", "cut environ", "no environ", "split"])
    if how == "kind":
        kind = chance.choice([0, 3, 15, frame.PING, 255])
    elif how == "cut environ":
        head = head[: chance.randrange(len(head) - 1)]
        split = len(head)
    elif how == "no environ":
        head = marshal.dumps(chance.choice([None, 7, "text", ("a", "b", "c")]), 2)
        split = len(head)
    else:
        split = chance.randrange(len(head) - 1)
    return frame.HEADER.pack(len(head) + len(body), kind | split << 8) + head + body


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=None, help="play this one alone")
    given = options.parse_args()
    if given.seed is not None:
        play(given.seed)
        return 0
    # Not those that the tests play.
    seed = first = int(time.time()) * 1000
    until = time.monotonic() + given.seconds
    while time.monotonic() < until:
        try:
            play(seed)
        except Exception:
            sys.stderr.write("python3 -m tests.fuzz --seed %d\n" % seed)
            raise
        seed += 1
    print("%d streams, all as they should be" % (seed - first))
    return 0


if __name__ == "__main__":
    sys.exit(main())
