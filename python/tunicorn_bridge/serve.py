"""The Python process: loads the application, starts its threads, then answers the loop on the control socket.

The main thread is the control loop, because only the main thread runs signal handlers and because it must be able to
answer whatever the application's threads do. When the loop is gone the process ends at once: nobody would hear it.
"""

import json
import os
import socket
import sys
from typing import Any, Dict, NamedTuple, Optional, Sequence

from . import frame, head, stacks
from .files import FileWrapper
from .ledger import make_ledger
from .loader import EXIT_BOOT, App, LoadError, load_app
from .process import die_with_parent, end_at_once, ignore_signals, lead_session, own_socket
from .server_log import connect, to_loop
from .sources import Sources
from .surroundings import set_up_process
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

class Wires(NamedTuple):
    """The far ends of the worker's sockets."""

    control: socket.socket
    # Where faulthandler writes, and where any thread tells something by itself.
    fault: int
    notes: int
    # Of thread 1, of thread 2, and so on, and then the spare ones.
    threads: Sequence[int]


def main() -> int:
    """A process that its worker has started. Returns its exit code."""
    die_with_parent(int(sys.argv[2]))
    lead_session()
    threads = range(FIRST_THREAD_FD, FIRST_THREAD_FD + int(sys.argv[3]))
    for fd in (FAULT_FD, NOTES_FD, *threads):
        os.set_inheritable(fd, False)
    ignore_signals()
    return run(Wires(own_socket(CONTROL_FD), FAULT_FD, NOTES_FD, threads), None)


def run(wires: Wires, app: Optional[App]) -> int:
    """Serves the worker until it has enough. Returns the exit code. `app`: None where it is to be loaded yet."""
    control = wires.control
    sources: Optional[Sources] = None
    try:
        _, _, payload = frame.receive(control)
        start: Dict[str, Any] = json.loads(payload)
        set_title(start["title"])
        sources = Sources() if start["sources"] else None
        if app is None:
            set_up_process(start)
        descriptor, ledger = make_ledger(len(wires.threads))
        loading = {"faultSignal": stacks.answer_signal(wires.fault), "ledger": descriptor}
        frame.send(control, frame.LOADING, 0, json.dumps(loading).encode())
        tell = to_loop(wires.notes)
        connect(tell, start["loglevel"])
        head.tell_with(tell)
        hooks = WorkerHooks(start, wires.notes)
        hooks.post_fork()
        loaded = _with_probe(load_app(start["app"]) if app is None else app, start["probe"])
        hooked, exchange = hooks.around(loaded)
        shared = Shared(hooked, _base(start["environ"]), start["timeoutLimit"], wires.notes, ledger, exchange)
        process = BridgeProcess(wires, shared, hooks, sources)
        hooks.post_worker_init(loaded)
        for index in range(start["threads"]):
            process.add_thread(index + 1)
    except LoadError as error:
        files = sources.news(error.cause) if sources is not None else []
        return _refuse(control, error.exit_code, str(error), files)
    except RuntimeError as error:
        return _refuse(control, EXIT_BOOT, "Cannot start the application's threads: %s" % error)
    except frame.WireClosed:
        return EXIT_BOOT
    ready = {"python": sys.version.split()[0]}
    frame.send(control, frame.READY, 0, json.dumps(ready).encode())
    return process.answer_control()


class BridgeProcess:
    """The threads by index, and what the loop may ask about them."""

    def __init__(self, wires: Wires, shared: Shared, hooks: WorkerHooks, sources: Optional[Sources]) -> None:
        self.wires = wires
        self.control = wires.control
        self.shared = shared
        self.hooks = hooks
        self.sources = sources
        self.threads: Dict[int, WorkerThread] = {}
        # Requests of threads that have ended.
        self.ended = 0
        hooks.count(lambda: self.ended + sum(thread.begun for thread in list(self.threads.values())))

    def add_thread(self, index: int) -> None:
        """Raises RuntimeError when the system grants no more threads."""
        thread = WorkerThread(index, own_socket(self.wires.threads[index - 1]), self.shared)
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
        elif kind == frame.LEAVE:
            self.hooks.worker_int()
            self.hooks.worker_exit()
            frame.send(self.control, frame.LEFT, aux)
        elif kind == frame.FILES:
            files = [] if self.sources is None else self.sources.news()
            frame.send(self.control, frame.FILES_ARE, aux, json.dumps(files).encode())
        elif kind == frame.MULTIPROCESS:
            # Each request copies it.
            self.shared.base["wsgi.multiprocess"] = aux == 1
        elif kind == frame.NEW_THREAD:
            index, _ = frame.PAIR.unpack(payload)
            self._replace_thread(index)
        else:
            self._answer_about_request(kind, aux, payload)

    def _answer_about_request(self, kind: int, aux: int, payload: bytearray) -> None:
        """What names a thread may have been on its way when that was given up: by now the thread may have ended."""
        index, number = frame.PAIR.unpack_from(payload)
        thread = self.threads.get(index)
        if kind == frame.INTERRUPT:
            where = "" if thread is None else self._interrupt(thread, number)
            frame.send(self.control, frame.INTERRUPT_DONE, aux, _text(where))
        elif kind == frame.LANDED:
            landed = thread is not None and _landed(thread, number)
            frame.send(self.control, frame.LANDED_IS, aux, b"yes" if landed else b"no")
        elif thread is None:
            # Nothing can be said of what it had begun.
            return
        elif kind == frame.GONE:
            thread.mail.gone = number
        elif kind in (frame.FILE_TAKEN, frame.FILE_REFUSED):
            thread.mail.answers.put((number, kind == frame.FILE_TAKEN))
        elif kind == frame.WITHDRAW:
            _, after, upto, _ = frame.QUAD.unpack(payload)
            frame.send(self.control, frame.WITHDRAWN, aux, b"%d" % thread.guard.withdraw(after, upto))

    def _interrupt(self, thread: WorkerThread, number: int) -> str:
        ident = thread.thread.ident
        if ident is None or thread.guard.current != number:
            return ""
        where = stacks.stack_of(ident)
        self.hooks.worker_abort()
        RequestTimeout.landed.discard(ident)
        thread.guard.interrupt(ident, number, RequestTimeout)
        return where

    def _replace_thread(self, index: int) -> None:
        for old in [key for key, thread in self.threads.items() if not thread.thread.is_alive()]:
            self.ended += self.threads.pop(old).begun
        try:
            self.add_thread(index)
        except RuntimeError as error:
            # The loop sees the closed socket as the thread's death, which is what it is.
            sys.stderr.write("tunicorn: cannot start a thread: %s\n" % error)
            os.close(self.wires.threads[index - 1])


def _landed(thread: WorkerThread, number: int) -> bool:
    return thread.guard.current == number and thread.thread.ident in RequestTimeout.landed


def _with_probe(app: App, token: Optional[str]) -> App:
    """While a drill runs, with the drill's paths in front of it."""
    if token is None:
        return app
    from . import probe

    return probe.around(app, token)


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


def _refuse(control: socket.socket, exit_code: int, message: str, files: Sequence[str] = ()) -> int:
    refusal = {"exitCode": exit_code, "message": message, "files": files}
    frame.send(control, frame.BOOT_FAILED, 0, json.dumps(refusal).encode())
    return exit_code


def _text(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
