"""PEP 3333 over a socket pair: which frames the loop sees for what an application does, and how often close() is called."""

import io
import sys
import tempfile
import unittest
from typing import Any, Iterator, List
from wsgiref.validate import validator

from tests.bridge import BridgeTest
from tunicorn_bridge import frame
from tunicorn_bridge.wsgi import ClientGone, RequestTimeout

OK = b"200 OK\r\n"


class Closing:
    """An iterable that counts its close() calls."""

    def __init__(self, *items: Any) -> None:
        self.items = iter(items)
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        for item in self.items:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        self.closed += 1


def answers(result: Any, headers: Any = ()) -> Any:
    """An application that returns this result after a plain start_response."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(headers))
        return result

    return app


class WsgiTest(BridgeTest):
    def test_a_list_is_one_frame(self) -> None:
        self.serve(answers([b"a", b"", b"b"]))
        self.assertEqual(self.ask(), [(frame.WHOLE, len(OK), OK + b"ab")])

    def test_items_are_sent_one_by_one_and_close_is_called_once(self) -> None:
        result = Closing(b"a", b"", b"b")
        self.serve(answers(result))
        self.assertEqual(
            self.ask(),
            [(frame.HEAD, len(OK), OK + b"a"), (frame.PIECE, 0, b"b"), (frame.END, 0, b"")],
        )
        self.assertEqual(result.closed, 1)

    def test_the_head_is_held_back_until_the_first_bytes(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            yield b""
            start_response("404 No", [], (KeyError, KeyError("x"), None))
            yield b"later"

        self.serve(app)
        self.assertEqual(self.ask()[0], (frame.HEAD, 8, b"404 No\r\nlater"))

    def test_an_empty_result_is_a_head_alone(self) -> None:
        result = Closing()
        self.serve(answers(result))
        self.assertEqual(self.ask(), [(frame.WHOLE_OPEN, len(OK), OK), (frame.END, 0, b"")])
        self.assertEqual(result.closed, 1)

    def test_bytes_beyond_content_length_are_never_sent(self) -> None:
        head = OK + b"Content-Length: 3\r\n"
        for result in ([b"abcd"], [b"ab", b"cd"]):
            self.serve(answers(result, [("Content-Length", "3")]))
            self.assertEqual(self.ask(), [(frame.WHOLE, len(head), head + b"abc")])
        self.serve(answers(Closing(b"ab", b"cd", b"ef"), [("Content-Length", "3")]))
        sent = b"".join(payload for kind, _, payload in self.ask() if kind == frame.PIECE)
        self.assertEqual(sent, b"abc")

    def test_a_raising_result_is_closed_and_fails(self) -> None:
        result = Closing(b"a", ValueError("on purpose"))
        self.serve(answers(result))
        heard = self.ask()
        self.assertEqual([kind for kind, _, _ in heard], [frame.HEAD, frame.FAILED])
        self.assertEqual(heard[1][1], 1)
        self.assertIn(b"ValueError: on purpose", heard[1][2])
        self.assertEqual(result.closed, 1)

    def test_a_raising_close_does_not_undo_a_complete_response(self) -> None:
        class Bad(Closing):
            def close(self) -> None:
                raise ValueError("in close")

        self.serve(answers(Bad(b"abc"), [("Content-Length", "3")]))
        stderr, sys.stderr = sys.stderr, io.StringIO()
        try:
            kinds = [kind for kind, _, _ in self.ask()]
            self.assertIn("ValueError: in close", sys.stderr.getvalue())
        finally:
            sys.stderr = stderr
        self.assertEqual(kinds, [frame.WHOLE_OPEN, frame.END])

    def test_exits_of_the_application_end_only_its_request(self) -> None:
        raised: List[BaseException] = [SystemExit(3), KeyboardInterrupt(), GeneratorExit()]

        def app(environ: Any, start_response: Any) -> Any:
            raise raised.pop()

        self.serve(app)
        for _ in range(3):
            self.assertEqual(self.ask()[0][0], frame.FAILED)

    def test_start_response_twice_is_an_assertion_error(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            start_response("200 OK", [])

        self.serve(app)
        self.assertIn(b"AssertionError: Response headers already set!", self.ask()[0][2])

    def test_a_result_without_start_response_fails(self) -> None:
        for result in ([b"x"], Closing(b"x"), Closing()):
            self.serve(lambda environ, start_response, result=result: result)
            self.assertIn(b"AssertionError", self.ask()[0][2])

    def test_a_result_of_text_fails(self) -> None:
        for result in (["x"], Closing("x"), "text", [b"x", "y"]):
            self.serve(answers(result))
            heard = self.ask()
            self.assertEqual(heard[0][0], frame.FAILED)
            self.assertIn(b"TypeError", heard[0][2])

    def test_write_sends_at_once_and_comes_before_the_result(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", [])
            write(b"a")
            write(b"b")
            return [b"c"]

        self.serve(app)
        heard = self.ask()
        self.assertEqual([kind for kind, _, _ in heard], [frame.HEAD, frame.PIECE, frame.PIECE, frame.END])
        self.assertTrue(heard[0][2].endswith(b"a"))

    def test_a_client_that_has_gone_ends_the_iteration_and_closes(self) -> None:
        result = Closing(*[b"x" * 100] * 1000)
        thread = self.serve(answers(result))
        thread.mail.gone = 1
        self.assertEqual(self.ask(), [(frame.END, 1, b"")])
        self.assertEqual(result.closed, 1)
        # The request after it is not meant.
        self.assertEqual(self.ask()[0][0], frame.HEAD)

    def test_write_to_a_client_that_has_gone_raises_in_the_application(self) -> None:
        seen: List[BaseException] = []

        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", [])
            try:
                write(b"x")
            except ClientGone as error:
                seen.append(error)
            return []

        thread = self.serve(app)
        thread.mail.gone = 1
        self.ask()
        self.assertEqual(len(seen), 1)

    def test_the_validator_passes(self) -> None:
        def inner(environ: Any, start_response: Any) -> Any:
            data = environ["wsgi.input"].read(4)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [data]

        thread = self.serve(validator(inner))
        thread.shared.base.update({
            "wsgi.version": (1, 0), "wsgi.errors": sys.stderr, "wsgi.run_once": False,
            "wsgi.multiprocess": False, "wsgi.url_scheme": "http",
        })
        self.request({
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "",
            "SERVER_NAME": "x", "SERVER_PORT": "1", "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_LENGTH": "4",
        }, b"body")
        heard = self.frames()
        self.assertEqual(heard[-1][0], frame.END)
        self.assertIn(b"body", heard[0][2])

    def test_a_refused_file_is_sent_by_the_thread(self) -> None:
        data = tempfile.NamedTemporaryFile()
        self.addCleanup(data.close)
        data.write(b"0123456789")
        data.seek(4)

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            return environ["wsgi.file_wrapper"](data)

        thread = self.serve(app)
        self.request({})
        kind, aux, payload = frame.receive(self.loop)
        self.assertEqual(kind, frame.FILE)
        self.assertEqual(frame.RANGE.unpack(payload[aux : aux + 16]), (4, 6))
        thread.mail.answers.put((1, False))
        self.assertEqual(self.frames(), [(frame.HEAD, len(OK), OK + b"456789"), (frame.END, 0, b"")])


    @unittest.skipUnless(sys.platform.startswith("linux"), "only Linux has such files")
    def test_a_file_that_calls_itself_empty_is_read_to_its_end(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [])
            return environ["wsgi.file_wrapper"](open("/proc/self/status", "rb"))

        self.serve(app)
        heard = self.ask()
        self.assertEqual(heard[0][0], frame.HEAD)
        self.assertIn(b"Threads:", b"".join(payload for _, _, payload in heard))


class InterruptTest(BridgeTest):
    def test_a_late_interrupt_never_hits_the_next_request(self) -> None:
        thread = self.serve(answers([b"x"]))
        ident = thread.thread.ident
        assert ident is not None
        # Threads change places as often as they can, so that interrupts land everywhere in a request's last moments.
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        self.addCleanup(sys.setswitchinterval, interval)
        landed = number = 0
        while number < 500 or landed < 5:
            number += 1
            self.request({})
            landed += thread.guard.interrupt(ident, number, RequestTimeout)
            kind, aux, _ = frame.receive(self.loop)
            while kind == frame.INTERRUPTED and aux != number:
                # The interrupt before it came too late to matter, and says so late.
                self.assertEqual(aux, number - 1)
                kind, aux, _ = frame.receive(self.loop)
            self.assertIn(kind, (frame.WHOLE, frame.INTERRUPTED))
            if number > 1:
                self.assertFalse(thread.guard.interrupt(ident, number - 1, RequestTimeout))
        self.assertTrue(thread.thread.is_alive())

    def test_an_interrupt_ends_a_loop_of_the_application(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            while environ["PATH_INFO"] == "/spin":
                pass
            start_response("200 OK", [])
            return [b"x"]

        thread = self.serve(app)
        ident = thread.thread.ident
        assert ident is not None
        self.request({"PATH_INFO": "/spin"})
        while not thread.guard.interrupt(ident, 1, RequestTimeout):
            pass
        heard = self.frames()
        self.assertEqual(heard, [(frame.INTERRUPTED, 1, b"")])
        self.assertEqual(self.ask(PATH_INFO="/")[0][0], frame.WHOLE)


if __name__ == "__main__":
    unittest.main()
