"""A request body that waits in a file which this process cannot open: told as what it is, and the next request is served."""

import marshal

from tests.bridge import BridgeTest
from tunicorn_bridge import frame


class BodyFileTest(BridgeTest):
    def test_a_file_that_cannot_be_opened_is_no_fault_of_the_application(self) -> None:
        called = []

        def app(environ: dict, start_response: object) -> list:  # type: ignore[type-arg]
            called.append(environ)
            start_response("200 OK", [])  # type: ignore[operator]
            return [b"x"]

        self.serve(app)
        head = marshal.dumps({"REQUEST_METHOD": "POST"}, 2)
        path = b"/not/there"
        size = len(head) + len(path)
        self.loop.sendall(frame.HEADER.pack(size, frame.REQUEST_FILE | len(head) << 8) + head + path)
        [(kind, aux, payload)] = self.frames()
        self.assertEqual((kind, aux), (frame.FAILED, 2))
        self.assertIn(b"No such file", payload)
        self.assertEqual(called, [])
        self.assertEqual(self.ask()[0][0], frame.WHOLE)
