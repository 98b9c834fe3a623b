"""environ["tunicorn.extend_timeout"]: what is granted, what the loop is told of it, and what is refused."""

import math
import threading
import unittest
from typing import Any, List, Tuple

from tests.bridge import BridgeTest
from tunicorn_bridge import frame


class ExtensionTest(BridgeTest):
    """The application keeps what it got in `granted` and `raised`."""

    def setUp(self) -> None:
        self.granted: List[float] = []
        self.raised: List[str] = []
        self.asked: List[Any] = []
        self.kept: List[Any] = []

    def app(self, environ: Any, start_response: Any) -> Any:
        extend = environ["tunicorn.extend_timeout"]
        self.kept.append(extend)
        for seconds in self.asked:
            try:
                self.granted.append(extend(seconds))
            except (TypeError, ValueError) as error:
                self.raised.append("%s: %s" % (type(error).__name__, error))
        start_response("200 OK", [])
        return [b""]

    def told(self) -> List[Tuple[int, int, int]]:
        """Thread, request and milliseconds of each note so far."""
        notes = []
        while True:
            try:
                note = self.notes.recv(frame.NOTE.size)
            except BlockingIOError:
                return notes
            length, kind, index, number, milliseconds = frame.NOTE.unpack(note)
            self.assertEqual((length, kind), (frame.NOTE_BYTES, frame.EXTEND))
            notes.append((index, number, milliseconds))

    def test_what_is_asked_for_is_granted_and_told(self) -> None:
        self.asked = [60]
        self.serve(self.app)
        self.ask()
        self.assertEqual(self.granted, [60.0])
        [(index, number, milliseconds)] = self.told()
        self.assertEqual((index, number), (1, 1))
        self.assertTrue(60000 <= milliseconds <= 60300, milliseconds)

    def test_the_limit_counts_from_the_start_of_the_request(self) -> None:
        self.asked = [1000, 10**400]
        self.serve(self.app, timeout_limit=30)
        self.ask()
        for granted in self.granted:
            self.assertTrue(29 < granted <= 30, granted)

    def test_without_a_limit_nothing_is_granted_or_told(self) -> None:
        self.asked = [5]
        self.serve(self.app, timeout_limit=0)
        self.ask()
        self.assertEqual((self.granted, self.told()), ([0.0], []))

    def test_who_asks_all_the_time_is_told_of_seldom(self) -> None:
        self.asked = [60] * 5000
        self.serve(self.app)
        self.ask()
        self.assertEqual(set(self.granted), {60.0})
        self.assertLess(len(self.told()), 50)

    def test_what_is_no_length_of_time_is_refused(self) -> None:
        self.asked = ["5", None, True, -1, math.nan, math.inf]
        self.serve(self.app)
        self.ask()
        self.assertEqual([text.partition(":")[0] for text in self.raised], ["TypeError"] * 3 + ["ValueError"] * 3)
        self.assertEqual(self.told(), [])

    def test_after_the_end_of_the_request_nothing_is_granted_or_told(self) -> None:
        self.serve(self.app)
        self.ask()
        self.ask()
        self.assertEqual(self.kept[0](10), 0.0)
        self.assertEqual(self.told(), [])

    def test_another_thread_of_the_application_may_ask(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            asking = threading.Thread(target=lambda: self.granted.append(environ["tunicorn.extend_timeout"](7)))
            asking.start()
            asking.join()
            start_response("200 OK", [])
            return [b""]

        self.serve(app)
        self.ask()
        self.assertEqual(self.granted, [7.0])
        self.assertEqual([note[:2] for note in self.told()], [(1, 1)])


if __name__ == "__main__":
    unittest.main()
