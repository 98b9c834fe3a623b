"""The frame codec: what is sent in any number of parts is received as it was."""

import socket
import threading
import unittest

from tunicorn_bridge import frame


class FrameTest(unittest.TestCase):
    def setUp(self) -> None:
        self.near, self.far = socket.socketpair()
        self.addCleanup(self.near.close)
        self.addCleanup(self.far.close)

    def test_a_frame_arrives_with_kind_aux_and_payload(self) -> None:
        frame.send(self.near, frame.PONG, 0xFFFFFF, b"payload")
        self.assertEqual(frame.receive(self.far), (frame.PONG, 0xFFFFFF, bytearray(b"payload")))

    def test_parts_larger_than_the_socket_holds_arrive_in_order(self) -> None:
        parts = [b"a" * 300000, b"", memoryview(b"b" * 700000), b"c"]
        sender = threading.Thread(target=frame.send_all, args=(self.near, parts))
        sender.start()
        whole = bytearray(1000001)
        frame.fill(self.far, memoryview(whole), 0, len(whole))
        sender.join()
        self.assertEqual(whole, b"".join(parts))

    def test_the_end_of_the_stream_in_a_frame_is_told(self) -> None:
        self.near.sendall(frame.HEADER.pack(5, frame.PING) + b"123")
        self.near.close()
        with self.assertRaises(frame.WireClosed):
            frame.receive(self.far)
