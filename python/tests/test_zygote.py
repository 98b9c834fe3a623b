"""The process that is forked from: who gets a process, what is heard of its end, and what becomes of it when nobody wants it.

It runs as it is started by the arbiter; the worker's part is played here.
"""

import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from typing import Any, Dict, List, Tuple

from tunicorn_bridge import forked, frame

LAUNCH = os.path.join(os.path.dirname(os.path.abspath(forked.__file__)), "launch.py")
SOURCE = """
import os, subprocess
CHILD = subprocess.Popen(["true"])
def app(environ, start_response):
    start_response("200 OK", [])
    return [b""]
"""
THREADS = 2


def name() -> str:
    return ("tunicorn-test-" + secrets.token_hex(16)).ljust(107, "-")


class Worker:
    """Asks for a process, and takes its sockets."""

    def __init__(self, zygote: str, token: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.address, self.secret = name(), secrets.token_bytes(16)
        self.listener.bind("\0" + self.address)
        self.listener.listen(64)
        self.listener.settimeout(20)
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(20)
        self.link.connect("\0" + zygote)
        self.lines = self.link.makefile("r")
        ask = {"token": token, "address": self.address, "secret": self.secret.hex(), "sockets": THREADS}
        self.link.sendall(json.dumps(ask).encode() + b"\n")
        self.sockets: List[socket.socket] = []

    def told(self) -> Dict[str, Any]:
        line = self.lines.readline()
        return json.loads(line) if line else {}  # type: ignore[no-any-return]

    def take_sockets(self) -> None:
        found: Dict[int, socket.socket] = {}
        while len(found) < forked.FIRST_THREAD + THREADS:
            sock, _ = self.listener.accept()
            sock.settimeout(20)
            secret, number = struct.unpack("<16sI", sock.recv(20, socket.MSG_WAITALL))
            assert secret == self.secret
            found[number] = sock
        self.sockets = [found[number] for number in sorted(found)]

    def start(self) -> Tuple[int, Dict[str, Any]]:
        self.sockets[forked.CONTROL].settimeout(20)
        start: Dict[str, Any] = {
            "app": "main:app",
            "title": None,
            "probe": None,
            "sources": False,
            "threads": THREADS,
            "timeoutLimit": 0,
            "environ": {},
            "hooks": None,
            "loglevel": "info",
        }
        frame.send(self.sockets[forked.CONTROL], frame.START, 0, json.dumps(start).encode())
        while True:
            kind, _, payload = frame.receive(self.sockets[forked.CONTROL])
            if kind != frame.LOADING:
                return kind, json.loads(payload)

    def close(self) -> None:
        self.lines.close()
        for sock in (self.link, self.listener, *self.sockets):
            sock.close()


class ZygoteTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with open(os.path.join(folder.name, "main.py"), "w", encoding="utf-8") as file:
            file.write(SOURCE)
        self.address, self.token = name(), secrets.token_hex(16)
        self.arbiter, theirs = socket.socketpair()
        self.arbiter.settimeout(20)
        self.addCleanup(self.arbiter.close)

        def take_place() -> None:
            os.dup2(theirs.fileno(), 3)

        self.process = subprocess.Popen(
            [sys.executable, LAUNCH, "main:app", str(os.getpid()), "preload"], preexec_fn=take_place, close_fds=False
        )
        theirs.close()
        self.addCleanup(self.end)
        start: Dict[str, Any] = {
            "address": self.address,
            "token": self.token,
            "title": None,
            "app": "main:app",
            "chdir": folder.name,
            "pythonpath": None,
            "loglevel": "info",
            "umask": 0o22,
            "sources": False,
        }
        self.arbiter.sendall(json.dumps(start).encode() + b"\n")
        lines = self.arbiter.makefile("r")
        self.addCleanup(lines.close)
        self.assertEqual(json.loads(lines.readline())["kind"], "loading")
        self.assertEqual(json.loads(lines.readline()), {"kind": "ready", "threads": []})

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def worker(self, token: str) -> Worker:
        worker = Worker(self.address, token)
        self.addCleanup(worker.close)
        return worker

    def serving(self) -> Tuple[Worker, int]:
        worker = self.worker(self.token)
        told = worker.told()
        self.assertEqual(told["kind"], "forked")
        worker.take_sockets()
        kind, _ = worker.start()
        self.assertEqual(kind, frame.READY)
        return worker, told["pid"]

    def until_gone(self, pid: int) -> None:
        for _ in range(2000):
            if not os.path.exists("/proc/%d" % pid):
                return
            time.sleep(0.01)
        self.fail("%d is still there" % pid)

    def test_without_the_token_there_is_no_process(self) -> None:
        self.assertEqual(self.worker("0" * 32).told(), {})
        self.serving()

    def test_the_end_is_told_and_the_pid_kept_until_the_worker_has_heard(self) -> None:
        worker, pid = self.serving()
        frame.send(worker.sockets[forked.CONTROL], frame.STOP)
        self.assertEqual(worker.told(), {"kind": "ended", "code": 0, "signal": None})
        with open("/proc/%d/stat" % pid, encoding="latin-1") as stat:
            self.assertIn(") Z ", stat.read())
        worker.close()
        self.until_gone(pid)
        other, second = self.serving()
        os.kill(second, 9)
        self.assertEqual(other.told(), {"kind": "ended", "code": None, "signal": "SIGKILL"})

    def test_a_process_that_nobody_wants_is_killed(self) -> None:
        worker, pid = self.serving()
        worker.lines.close()
        worker.link.close()
        self.until_gone(pid)

    def test_a_process_dies_with_its_worker_though_the_one_that_forked_it_cannot_kill_it(self) -> None:
        worker, pid = self.serving()
        os.kill(self.process.pid, 19)
        worker.sockets[forked.LIFELINE].close()
        self.assertEqual(state_of(pid), "Z")
        os.kill(self.process.pid, 18)

    def test_it_ends_when_arbiter_and_workers_have_left(self) -> None:
        worker, pid = self.serving()
        self.arbiter.shutdown(socket.SHUT_RDWR)
        frame.send(worker.sockets[forked.CONTROL], frame.PING, 1)
        self.assertEqual(frame.receive(worker.sockets[forked.CONTROL])[0], frame.PONG)
        self.assertIsNone(self.process.poll())
        worker.close()
        self.assertEqual(self.process.wait(20), 0)
        self.until_gone(pid)


def state_of(pid: int) -> str:
    """Z once it has ended; waits for it."""
    state = ""
    for _ in range(2000):
        with open("/proc/%d/stat" % pid, encoding="latin-1") as stat:
            state = stat.read().rpartition(") ")[2][0]
        if state == "Z":
            break
        time.sleep(0.01)
    return state


if __name__ == "__main__":
    unittest.main()
