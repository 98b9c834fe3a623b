"""Requests that the loop sends before the one under way is answered: their order, and what was taken back of them."""

import marshal
import threading
import time
from typing import Any, List

from tests.bridge import BridgeTest
from tunicorn_bridge import frame

OK = b"200 OK\r\n"


def hello(environ: Any, start_response: Any) -> Any:
    """Answers with one byte."""
    start_response("200 OK", [])
    return [b"x"]


class Waiting:
    """An application that notes what it ran, and stays in /1 until it may leave."""

    def __init__(self) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()
        self.ran: List[str] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.ran.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/1":
            self.entered.set()
            self.leave.wait(20)
        start_response("200 OK", [])
        return [b"x"]


class AheadTest(BridgeTest):
    """Requests that the loop sends before the one under way is answered."""

    def test_requests_sent_ahead_are_answered_in_order_wherever_the_reads_end(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            return [environ["PATH_INFO"].encode() + environ["wsgi.input"].read()]

        self.serve(app)
        wire = b""
        for path, body in (("/a", b"1"), ("/b", b""), ("/c", b"3" * 200_000), ("/d", b"4")):
            head = marshal.dumps({"PATH_INFO": path}, 2)
            wire += frame.HEADER.pack(len(head) + len(body), frame.REQUEST | len(head) << 8) + head + body
        for cut in (1, 7, 9, 40, 100, len(wire) - 3):
            self.loop.sendall(wire[:cut])
            time.sleep(0.01)
            self.loop.sendall(wire[cut:])
            bodies = [self.frames()[0][2][len(OK) :] for _ in range(4)]
            self.assertEqual(bodies, [b"/a1", b"/b", b"/c" + b"3" * 200_000, b"/d4"])

    def test_what_was_taken_back_does_not_run_and_what_comes_after_it_does(self) -> None:
        app = Waiting()
        thread = self.serve(app)
        for number in range(1, 5):
            self.request({"PATH_INFO": "/%d" % number})
        self.assertTrue(app.entered.wait(20))
        self.assertEqual(thread.guard.withdraw(1, 3), 1)
        app.leave.set()
        self.frames()
        self.frames()
        self.assertEqual(app.ran, ["/1", "/4"])

    def test_what_was_taken_back_before_is_passed_over_though_more_was_taken_back_since(self) -> None:
        app = Waiting()
        thread = self.serve(app)
        for number in range(1, 4):
            self.request({"PATH_INFO": "/%d" % number})
        self.assertTrue(app.entered.wait(20))
        self.assertEqual(thread.guard.withdraw(1, 3), 1)
        for number in range(4, 7):
            self.request({"PATH_INFO": "/%d" % number})
        # The loop has 4 for begun, though the thread has not come to it.
        self.assertEqual(thread.guard.withdraw(4, 6), 4)
        self.request({"PATH_INFO": "/7"})
        app.leave.set()
        for _ in range(3):
            self.frames()
        self.assertEqual(app.ran, ["/1", "/4", "/7"])
        self.assertEqual(thread.guard.skip, set())
        # The same question again, its answer having been lost: the same answer, and nothing waits to be passed over.
        self.assertEqual(thread.guard.withdraw(4, 6), 7)
        self.assertEqual(thread.guard.skip, set())

    def test_taking_back_and_beginning_never_both_happen(self) -> None:
        thread = self.serve(hello)
        for _ in range(2000):
            last = thread.number
            for _ in range(3):
                self.request({})
            begun = thread.guard.withdraw(last, last + 3)
            for _ in range(max(0, begun - last)):
                self.assertEqual(self.frames()[0][0], frame.WHOLE)
            # Not one answer more: the next one belongs to the next request.
            self.request({"PATH_INFO": "/marker"})
            self.assertEqual(self.frames()[0][0], frame.WHOLE)
            self.loop.setblocking(False)
            with self.assertRaises(BlockingIOError):
                self.loop.recv(1)
            self.loop.settimeout(20)
            self.assertEqual(thread.number, last + 4)

    def test_end_is_left_out_when_the_next_request_is_at_hand(self) -> None:
        closed = threading.Event()

        class Result:
            def __iter__(self) -> Any:
                return iter([b"x"])

            def close(self) -> None:
                closed.wait(20)

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [("Content-Length", "1")])
            return Result()

        self.serve(app)
        self.loop.sendall(b"".join([self._wire()] * 2))
        self.assertEqual(frame.receive(self.loop)[0], frame.WHOLE_OPEN)
        closed.set()
        self.assertEqual(frame.receive(self.loop)[0], frame.WHOLE_OPEN)
        self.assertEqual(frame.receive(self.loop)[0], frame.END)

    def test_end_is_said_after_all_when_the_next_request_was_taken_back(self) -> None:
        entered, leave = threading.Event(), threading.Event()

        class Result:
            def __iter__(self) -> Any:
                return iter([b"x"])

            def close(self) -> None:
                entered.set()
                leave.wait(20)

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [("Content-Length", "1")])
            return Result()

        thread = self.serve(app)
        self.loop.sendall(self._wire() * 3)
        self.assertTrue(entered.wait(20))
        self.assertEqual(thread.guard.withdraw(1, 3), 1)
        leave.set()
        self.assertEqual([kind for kind, _, _ in self.frames()], [frame.WHOLE_OPEN, frame.END])
        # Asked again, it still says what has begun, not what was passed over.
        self.assertEqual([kind for kind, _, _ in self.ask()], [frame.WHOLE_OPEN, frame.END])
        self.assertEqual(thread.guard.withdraw(1, 4), 4)

    @staticmethod
    def _wire() -> bytes:
        head = marshal.dumps({}, 2)
        return frame.HEADER.pack(len(head), frame.REQUEST | len(head) << 8) + head
