"""The arbiter's hooks process: evaluates the config file once and runs its hooks, one after another, when it is told to.

It stands in for Gunicorn's arbiter, which is a Python process itself: what one hook leaves in the file's globals, the next
one finds. One line of JSON for each message on the socket at descriptor 3: first {"start"}, answered by {"ready"} or
{"error"}; then {"id", "hook", ...}, answered by {"id", "error"}; {"log", "text"} at any time. Started by
src/arbiter/hooks/; ends with the arbiter.
"""

import json
import os
import sys
import threading
from typing import Any, Callable, Dict

if __name__ == "__main__":
    # Run as a script: the package is found beside us, and the folder does not stay where the config file would import from.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Our own folder stays as it was installed.
    sys.dont_write_bytecode = True

from tunicorn_bridge.config_module import load, own_traceback
from tunicorn_bridge.hook_objects import Config, Logger, Server, Worker, hooks_of
from tunicorn_bridge.process import die_with_parent, ignore_signals, let_lines_go, own_socket

SOCKET_FD = 3


class ArbiterHooks:
    """The hooks by name, and the objects that they are given."""

    def __init__(self, start: Dict[str, Any], say: Callable[[Dict[str, Any]], None]) -> None:
        """Evaluates the file; raises what it raises."""
        sys.path[0] = os.getcwd()
        self.hooks: Dict[str, Callable[..., Any]] = {}
        log = Logger(lambda level, text: say({"log": level, "text": text}), start["cfg"]["loglevel"])
        cfg = Config(start["cfg"])
        self.server = Server(start["pid"], cfg, log)
        # By age: what a hook has left on one is there until it has gone.
        self.workers: Dict[int, Worker] = {}
        self.hooks = hooks_of(load(start["kind"], start["where"]), start["names"])
        os.chdir(start["chdir"])
        os.environ.update(cfg.env)

    def run(self, call: Dict[str, Any]) -> None:
        """Raises what the hook raises."""
        self._look(call["server"])
        about = call["worker"]
        worker = [] if about is None else [self._worker(about)]
        self.hooks[call["hook"]](self.server, *worker, *call["args"])
        if about is not None and about["gone"]:
            self.workers.pop(about["age"], None)

    def _look(self, picture: Dict[str, Any]) -> None:
        server = self.server
        server.num_workers = picture["num_workers"]
        server.worker_age = picture["worker_age"]
        server.LISTENERS = picture["listeners"]
        server.WORKERS = {about["pid"]: self._worker(about) for about in picture["workers"]}

    def _worker(self, about: Dict[str, Any]) -> Worker:
        server = self.server
        worker = self.workers.setdefault(about["age"], Worker(about["age"], server.pid, server.cfg, server.log))
        worker.pid = about["pid"]
        worker.loop_pid = about["loop_pid"]
        worker.booted = about["booted"]
        worker.alive = not about["gone"]
        return worker


def main() -> int:
    """Returns the exit code of the process."""
    die_with_parent(int(sys.argv[1]))
    ignore_signals()
    sock = own_socket(SOCKET_FD)
    # What a hook prints is there when it has returned.
    let_lines_go(sys.stdout)
    let_lines_go(sys.stderr)
    lock = threading.Lock()

    def say(message: Dict[str, Any]) -> None:
        # Threads of the config file may log, too.
        with lock:
            sock.sendall(json.dumps(message).encode() + b"\n")

    lines = sock.makefile("r", encoding="utf-8")
    try:
        hooks = ArbiterHooks(json.loads(lines.readline())["start"], say)
    except BaseException as error:
        say({"error": _told(error)})
        return 1
    say({"ready": True})
    for line in lines:
        call = json.loads(line)
        try:
            hooks.run(call)
            failure = None
        except BaseException as error:
            failure = _told(error)
        say({"id": call["id"], "error": failure})
    return 0


def _told(error: BaseException) -> Dict[str, str]:
    return {"message": "%s: %s" % (type(error).__name__, error), "detail": own_traceback(error)}


if __name__ == "__main__":
    code = main()
    # Threads of the config file do not keep it: the arbiter has gone, or wants it gone.
    os._exit(code)
