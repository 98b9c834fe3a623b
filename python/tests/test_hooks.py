"""pre_request and post_request around real requests of a thread, and the objects that hooks are given."""

import logging
import socket
import threading
import unittest
from typing import Any, Callable, Dict, List, Tuple

from tunicorn_bridge import frame
from tunicorn_bridge.config_module import arity_of
from tunicorn_bridge.hook_objects import Config, InnerWorker, Logger, hooks_of
from tunicorn_bridge.request_hooks import around

from .bridge import BridgeTest

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "RAW_URI": "/a%20b?c=d",
    "QUERY_STRING": "c=d",
    "PATH_INFO": "/a b",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "5",
    "wsgi.url_scheme": "http",
    "HTTP_X_ONE": "1",
    "CONTENT_TYPE": "text/plain",
}


def made_worker() -> Tuple[InnerWorker, List[Tuple[str, str]]]:
    said: List[Tuple[str, str]] = []
    cfg = Config({"loglevel": "info", "timeout": 30, "raw_env": ["A=1=2"]})
    return InnerWorker(1, 2, cfg, Logger(lambda level, text: said.append((level, text)), "info")), said


class RequestHooks(BridgeTest):
    def begin(self, app: Callable[..., Any], **hooks: Callable[..., Any]) -> None:
        self.worker, self.said = made_worker()
        hooked, exchange = around(app, hooks, self.worker)
        self.serve(hooked, exchange=exchange)

    def answer(self, app: Callable[..., Any], **hooks: Callable[..., Any]) -> List[int]:
        """The kinds of the frames that answer one request."""
        self.begin(app, **hooks)
        return [kind for kind, _, _ in self.ask(**ENVIRON)]

    def test_the_thread_is_free_only_when_post_request_has_returned(self) -> None:
        seen: List[Any] = []
        may_return = threading.Event()

        def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
            seen.append((resp.status, resp.sent, resp.headers))
            may_return.wait(20)

        def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
            start_response("200 OK", [("A", "b")])
            return [b"abc"]

        self.begin(app, post_request=post_request)
        self.request(ENVIRON)
        self.assertEqual(frame.receive(self.loop)[0], frame.WHOLE_OPEN)
        self.loop.settimeout(0.1)
        with self.assertRaises(socket.timeout):
            frame.receive(self.loop)
        self.loop.settimeout(20)
        self.assertEqual(seen, [("200 OK", 3, [("A", "b")])])
        may_return.set()
        self.assertEqual(frame.receive(self.loop)[0], frame.END)

    def test_a_request_has_gunicorns_names(self) -> None:
        seen: Dict[str, Any] = {}

        def pre_request(worker: Any, req: Any) -> None:
            for name in ("method", "uri", "path", "query", "version", "scheme", "peer_addr", "headers"):
                seen[name] = getattr(req, name)

        def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
            start_response("204 No Content", [])
            return []

        self.answer(app, pre_request=pre_request)
        self.assertEqual(
            seen,
            {
                "method": "GET",
                "uri": "/a%20b?c=d",
                "path": "/a%20b",
                "query": "c=d",
                "version": (1, 1),
                "scheme": "http",
                "peer_addr": ("127.0.0.1", 5),
                "headers": [("X-ONE", "1"), ("CONTENT-TYPE", "text/plain")],
            },
        )

    def test_a_hook_that_fails_before_is_the_applications_failure_and_after_a_line_in_the_log(self) -> None:
        def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
            start_response("200 OK", [])
            return [b"abc"]

        def fails(*args: Any) -> None:
            raise ValueError("on purpose")

        self.assertEqual(self.answer(app, pre_request=fails, post_request=fails), [frame.FAILED])
        self.assertEqual(self.answer(app, post_request=fails), [frame.WHOLE_OPEN, frame.END])
        [(level, text)] = self.said
        self.assertEqual(level, "error")
        self.assertIn("ValueError: on purpose", text)


class Objects(unittest.TestCase):
    def test_log_has_gunicorns_methods_and_the_logging_loggers(self) -> None:
        worker, said = made_worker()
        worker.log.debug("too little")
        worker.log.info("%s and %d", "text", 5)
        worker.log.critical("much")
        worker.log.log(logging.WARNING, "by number")
        logging.getLogger("gunicorn.error").error("by name")
        self.assertEqual(
            said, [("info", "text and 5"), ("critical", "much"), ("warning", "by number"), ("error", "by name")]
        )

    def test_cfg_has_settings_by_name_and_says_what_it_has_not(self) -> None:
        worker, _ = made_worker()
        self.assertEqual((worker.cfg.timeout, worker.cfg.env, worker.timeout), (30, {"A": "1=2"}, 30))
        with self.assertRaisesRegex(AttributeError, "cfg has no colour"):
            worker.cfg.colour

    def test_hooks_are_functions_or_texts_that_say_where_one_is(self) -> None:
        class Module:
            on_exit = "os.path.join"
            when_ready = None

            @staticmethod
            def pre_fork(server: Any, worker: Any) -> None:
                pass

        found = hooks_of(Module, ["on_exit", "when_ready", "pre_fork"])
        self.assertEqual(sorted(found), ["on_exit", "pre_fork"])
        self.assertEqual(found["on_exit"]("a", "b"), "a/b")
        self.assertEqual((arity_of(found["pre_fork"]), arity_of(print)), (2, None))
