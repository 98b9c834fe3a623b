"""The Python process: loads the application, starts its threads, then answers the loop on the control socket.

The main thread is the control loop, because only the main thread runs signal handlers and because it must be able to
answer whatever the application's threads do. When the loop is gone the process ends at once: nobody would hear it.
"""

import faulthandler
import json
import os
import socket
import sys
from typing import Any, Dict

from . import frame, stacks
from .files import FileWrapper
from .ledger import make_ledger
from .loader import EXIT_BOOT, App, LoadError, load_app
from .process import die_with_parent, end_at_once, ignore_signals
from .title import set_title
from .worker_hooks import WorkerHooks
from .worker_thread import Shared, WorkerThread
from .wsgi import RequestTimeout

# Where src/threads/python/spawn.ts put its ends.
CONTROL_FD = 3
FAULT_FD = 4
NOTES_FD = 5
FIRST_THREAD_FD = 6

# What every request brings. With these in the dict that is copied, the copy has room for the whole environ, and filling
# it does not make it grow again.
ALWAYS_SENT = (
    "REQUEST_METHOD",
    "SERVER_PROTOCOL",
    "PATH_INFO",
    "QUERY_STRING",
    "RAW_URI",
    "REMOTE_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.early_hints",
    "tunicorn.extend_timeout",
)


def main() -> int:
    """Returns the exit code of the process."""
    die_with_parent(int(sys.argv[2]))
    control = _socket(CONTROL_FD)
    os.set_inheritable(FAULT_FD, False)
    os.set_inheritable(NOTES_FD, False)
    ignore_signals()
    try:
        _, _, payload = frame.receive(control)
        start: Dict[str, Any] = json.loads(payload)
        set_title(start["title"])
        for fd in range(FIRST_THREAD_FD, FIRST_THREAD_FD + start["sockets"]):
            os.set_inheritable(fd, False)
        _set_up_process(start)
        descriptor, ledger = make_ledger(start["sockets"])
        loading = {"faultSignal": stacks.answer_signal(FAULT_FD), "ledger": descriptor}
        frame.send(control, frame.LOADING, 0, json.dumps(loading).encode())
        hooks = WorkerHooks(start, NOTES_FD)
        hooks.post_fork()
        loaded = _application(start)
        app, exchange = hooks.around(loaded)
        shared = Shared(app, _base(start["environ"]), start["timeoutLimit"], NOTES_FD, ledger, exchange)
        process = BridgeProcess(control, shared, hooks)
        hooks.post_worker_init(loaded)
        for index in range(start["threads"]):
            process.add_thread(index + 1, FIRST_THREAD_FD + index)
    except LoadError as error:
        return _refuse(control, error.exit_code, str(error))
    except RuntimeError as error:
        return _refuse(control, EXIT_BOOT, "Cannot start the application's threads: %s" % error)
    except frame.WireClosed:
        return EXIT_BOOT
    ready = {"python": sys.version.split()[0]}
    frame.send(control, frame.READY, 0, json.dumps(ready).encode())
    return process.answer_control()


class BridgeProcess:
    """The threads by index, and what the loop may ask about them."""

    def __init__(self, control: socket.socket, shared: Shared, hooks: WorkerHooks) -> None:
        self.control = control
        self.shared = shared
        self.hooks = hooks
        self.threads: Dict[int, WorkerThread] = {}
        hooks.count(lambda: sum(thread.number for thread in list(self.threads.values())))

    def add_thread(self, index: int, fd: int) -> None:
        """Raises RuntimeError when the system grants no more threads."""
        thread = WorkerThread(index, _socket(fd), self.shared)
        thread.start()
        self.threads[index] = thread

    def answer_control(self) -> int:
        """Until told to stop. Never returns when the loop goes away."""
        while True:
            try:
                kind, aux, payload = frame.receive(self.control)
                if kind == frame.STOP:
                    self.hooks.worker_exit()
                    return 0
                self._answer(kind, aux, payload)
            except (frame.WireClosed, OSError):
                end_at_once()

    def _answer(self, kind: int, aux: int, payload: bytearray) -> None:
        if kind == frame.PING:
            frame.send(self.control, frame.PONG, aux)
        elif kind == frame.STACKS:
            frame.send(self.control, frame.STACKS_ARE, aux, _text(stacks.all_stacks()))
        elif kind == frame.GONE:
            index, number = frame.PAIR.unpack(payload)
            self.threads[index].mail.gone = number
        elif kind == frame.INTERRUPT:
            index, number = frame.PAIR.unpack(payload)
            frame.send(self.control, frame.INTERRUPT_DONE, aux, _text(self._interrupt(index, number)))
        elif kind == frame.LEAVE:
            self.hooks.worker_int()
            self.hooks.worker_exit()
            frame.send(self.control, frame.LEFT, aux)
        elif kind == frame.LANDED:
            index, number = frame.PAIR.unpack(payload)
            frame.send(self.control, frame.LANDED_IS, aux, b"yes" if self._landed(index, number) else b"no")
        elif kind in (frame.FILE_TAKEN, frame.FILE_REFUSED):
            index, number = frame.PAIR.unpack(payload)
            self.threads[index].mail.answers.put((number, kind == frame.FILE_TAKEN))
        elif kind == frame.WITHDRAW:
            index, after, upto, _ = frame.QUAD.unpack(payload)
            begun = self.threads[index].guard.withdraw(after, upto)
            frame.send(self.control, frame.WITHDRAWN, aux, b"%d" % begun)
        elif kind == frame.NEW_THREAD:
            index, fd = frame.PAIR.unpack(payload)
            self._replace_thread(index, fd)

    def _interrupt(self, index: int, number: int) -> str:
        thread = self.threads[index]
        ident = thread.thread.ident
        if ident is None or thread.guard.current != number:
            return ""
        where = stacks.stack_of(ident)
        self.hooks.worker_abort()
        RequestTimeout.landed.discard(ident)
        thread.guard.interrupt(ident, number, RequestTimeout)
        return where

    def _landed(self, index: int, number: int) -> bool:
        thread = self.threads[index]
        return thread.guard.current == number and thread.thread.ident in RequestTimeout.landed

    def _replace_thread(self, index: int, fd: int) -> None:
        for old in [key for key, thread in self.threads.items() if not thread.thread.is_alive()]:
            del self.threads[old]
        try:
            self.add_thread(index, fd)
        except RuntimeError as error:
            # The loop sees the closed socket as the thread's death, which is what it is.
            sys.stderr.write("tunicorn: cannot start a thread: %s\n" % error)
            os.close(fd)


def _application(start: Dict[str, Any]) -> App:
    """The application; while a drill runs, with the drill's paths in front of it. Raises LoadError."""
    app = load_app(start["app"])
    if start["probe"] is None:
        return app
    from . import probe

    return probe.around(app, start["probe"])


def _base(environ: Dict[str, Any]) -> Dict[str, Any]:
    """What every environ begins with. `environ`: what the loop knows of it."""
    return {
        **dict.fromkeys(ALWAYS_SENT, ""),
        **environ,
        "wsgi.version": (1, 0),
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": FileWrapper,
    }


def _set_up_process(start: Dict[str, Any]) -> None:
    """The surroundings that the application expects: folder, import path, argv, a stderr that does not hold back."""
    if not faulthandler.is_enabled():
        faulthandler.enable()
    reconfigure = getattr(sys.stderr, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)
    try:
        os.chdir(start["chdir"])
    except OSError as error:
        raise LoadError(EXIT_BOOT, "can't chdir to %r: %s" % (start["chdir"], error.strerror)) from None
    sys.argv[:] = ["tunicorn", start["app"]]
    paths = [os.getcwd()]
    for path in (start["pythonpath"] or "").split(","):
        if path.strip():
            paths.insert(0, os.path.abspath(path.strip()))
    sys.path[:0] = [path for path in paths if path not in sys.path]


def _socket(fd: int) -> socket.socket:
    sock = socket.socket(fileno=fd)
    sock.setblocking(True)
    sock.set_inheritable(False)
    return sock


def _refuse(control: socket.socket, exit_code: int, message: str) -> int:
    refusal = {"exitCode": exit_code, "message": message}
    frame.send(control, frame.BOOT_FAILED, 0, json.dumps(refusal).encode())
    return exit_code


def _text(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
