"""Which files the loop may send by itself: only those whose bytes on disk are what read() gives."""

import gzip
import io
import os
import tempfile
import unittest
from typing import Any

from tunicorn_bridge.files import FileWrapper, plain_range


class PlainRangeTest(unittest.TestCase):
    def setUp(self) -> None:
        descriptor, self.path = tempfile.mkstemp()
        os.write(descriptor, b"0123456789")
        os.close(descriptor)
        self.addCleanup(os.unlink, self.path)

    def opened(self, *args: Any, **kwargs: Any) -> Any:
        opened = open(self.path, *args, **kwargs)
        self.addCleanup(opened.close)
        return opened

    def test_it_starts_where_the_application_has_read_to(self) -> None:
        for buffering in (-1, 0):
            opened = self.opened("rb", buffering=buffering)
            opened.read(4)
            self.assertEqual(plain_range(opened), (opened.fileno(), 4, 6))

    def test_what_was_written_through_a_buffer_counts(self) -> None:
        opened = self.opened("r+b")
        opened.seek(10)
        opened.write(b"more")
        opened.seek(0)
        self.assertEqual(plain_range(opened), (opened.fileno(), 0, 14))

    def test_what_is_not_plainly_a_file_is_left_to_the_thread(self) -> None:
        with gzip.open(self.path + ".gz", "wb") as packed:
            packed.write(b"x")
        self.addCleanup(os.unlink, self.path + ".gz")
        unpacked = gzip.open(self.path + ".gz")
        self.addCleanup(unpacked.close)
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        pipe = open(reading, "rb")
        self.addCleanup(pipe.close)
        closed = self.opened("rb")
        closed.close()
        for what in (unpacked, pipe, closed, io.BytesIO(b"x"), self.opened("r"), self.opened("ab"), object()):
            with self.subTest(what=what):
                self.assertIsNone(plain_range(what))

    def test_the_wrapper_yields_blocks_and_has_close_only_if_the_file_has(self) -> None:
        self.assertEqual(list(FileWrapper(self.opened("rb"), 4)), [b"0123", b"4567", b"89"])

        class Bare:
            def read(self, size: int) -> bytes:
                return b""

        self.assertFalse(hasattr(FileWrapper(Bare()), "close"))
