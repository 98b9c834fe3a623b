"""The first streams of the fuzzer, always the same ones; fuzz.py says how to play more."""

import unittest

from tests import fuzz

STREAMS = 300


class FuzzTest(unittest.TestCase):
    def test_the_first_streams_are_received_and_answered_as_they_were_sent(self) -> None:
        for seed in range(STREAMS):
            with self.subTest(seed=seed):
                fuzz.play(seed)
