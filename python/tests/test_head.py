"""The head of a response: what HTTP allows is encoded, everything else is refused before it is sent."""

import unittest
from typing import Any, List, Tuple

from tunicorn_bridge import head
from tunicorn_bridge.frame import HEAD_MAX
from tunicorn_bridge.head import encode_head, forbids_body


class HeadTest(unittest.TestCase):
    def test_status_and_fields_keep_their_order_and_spelling(self) -> None:
        head, length = encode_head("200 OK", [("X-b", "1"), ("x-A", "\xe9"), ("content-LENGTH", "12")])
        self.assertEqual(head, b"200 OK\r\nX-b: 1\r\nx-A: \xe9\r\ncontent-LENGTH: 12\r\n")
        self.assertEqual(length, 12)

    def test_a_str_subclass_is_a_str(self) -> None:
        class Safe(str):
            pass

        self.assertEqual(encode_head("200 OK", [(Safe("A"), Safe("b"))])[0], b"200 OK\r\nA: b\r\n")

    def test_whatever_could_split_a_response_is_refused(self) -> None:
        bad: List[Tuple[Any, Any]] = [
            ("A", "x\r\ny"), ("A", "x\ny"), ("A", "x\ry"), ("A", "x\0y"), ("A", "\x7f"), ("A", "\u20ac"),
            ("A\r\nB", "x"), ("A:", "x"), ("A ", "x"), ("", "x"), ("\xe9", "x"), ("A\n", "x"), ("A", "x\n"),
        ]
        for name, value in bad:
            with self.subTest(name=name, value=value), self.assertRaises(ValueError):
                encode_head("200 OK", [(name, value)])
        for status in ("200 OK\r\nA: b", "200 OK\n", "20", "abc", "099 X", "", "200OK", " 200 OK"):
            with self.subTest(status=status), self.assertRaises(ValueError):
                encode_head(status, [])

    def test_a_str_subclass_does_not_judge_itself(self) -> None:
        class Sure(str):
            def isascii(self) -> bool:
                return True

            def isprintable(self) -> bool:
                return True

        with self.assertRaises(ValueError):
            encode_head("200 OK", [("A", Sure("x\r\nB: y"))])

    def test_a_refused_value_is_not_shown(self) -> None:
        with self.assertRaises(ValueError) as raised:
            encode_head("200 OK", [("Set-Cookie", "secret\n")])
        self.assertNotIn("secret", str(raised.exception))
        self.assertIn("'\\n'", str(raised.exception))

    def test_hop_by_hop_fields_are_dropped_and_told_once(self) -> None:
        told: List[Tuple[str, str, str]] = []
        head.tell_with(lambda level, text, code="": told.append((level, text, code)))
        names = ["transfer-Encoding", "Proxy-Authenticate", "proxy-authorization", "Trailers", "TE", "Keep-Alive", "Proxy-Connection"]
        for value in ("chunked", "gzip"):
            encoded, _ = encode_head("200 OK", [*((name, value) for name in names), ("Connection", "close"), ("Upgrade", "x")])
            self.assertEqual(encoded, b"200 OK\r\nConnection: close\r\nUpgrade: x\r\n")
        self.assertEqual([(level, code) for level, _, code in told], [("warning", "hop-by-hop-field")] * len(names))
        for name, (_, text, _) in zip(names, told):
            self.assertIn("header %s. PEP 3333" % name, text)

    def test_what_is_no_str_is_refused(self) -> None:
        bad: List[Any] = [[(b"A", "x")], [("A", b"x")], [("A", 1)], [(None, "x")]]
        for headers in bad:
            with self.subTest(headers=headers), self.assertRaises(TypeError):
                encode_head("200 OK", headers)
        status: Any = b"200 OK"
        with self.assertRaises(TypeError):
            encode_head(status, [])

    def test_a_content_length_must_be_one_number(self) -> None:
        for values in (["x"], ["-1"], ["1", "2"], ["1 "], [""], ["1" * 30]):
            with self.subTest(values=values), self.assertRaises(ValueError):
                encode_head("200 OK", [("Content-Length", value) for value in values])
        self.assertEqual(encode_head("200 OK", [("Content-Length", "7")] * 2)[1], 7)

    def test_a_head_is_as_long_as_a_frame_may_carry_and_no_longer(self) -> None:
        fixed = len("200 OK\r\nX: \r\n")
        self.assertEqual(len(encode_head("200 OK", [("X", "a" * (HEAD_MAX - fixed))])[0]), HEAD_MAX)
        with self.assertRaisesRegex(ValueError, "response head has 1048577 bytes"):
            encode_head("200 OK", [("X", "a" * (HEAD_MAX - fixed + 1))])

    def test_only_these_statuses_have_no_body(self) -> None:
        self.assertEqual([s for s in ("103 E", "200 OK", "204 N", "304 N", "404 N") if forbids_body(s)], ["103 E", "204 N", "304 N"])
