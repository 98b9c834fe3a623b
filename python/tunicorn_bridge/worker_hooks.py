"""The hooks of a Python config file that run inside a worker: in its Python process, where the application is.

The file is evaluated here once more, in the start directory, as each Gunicorn worker has the file's globals to itself. One
object for each process; with no hooks it does nothing, imports nothing and costs no request anything.
"""

import os
import threading
from typing import Any, Callable, Dict, Tuple, Type

from .loader import EXIT_BOOT, App, LoadError
from .server_log import to_loop
from .wsgi import Exchange

Exchanges = Type[Exchange]


class WorkerHooks:
    """The hooks by name; `worker` and `server` as they are given to them."""

    def __init__(self, start: Dict[str, Any], notes: int) -> None:
        """Evaluates the file, if there are hooks. Raises LoadError."""
        self.functions: Dict[str, Callable[..., Any]] = {}
        self.exited = False
        about = start["hooks"]
        if about is None:
            return
        from . import config_module, hook_objects

        cfg = hook_objects.Config(about["cfg"])
        log = hook_objects.Logger(to_loop(notes), cfg.loglevel)
        self.server = hook_objects.Server(about["ppid"], cfg, log)
        self.server.num_workers = about["num_workers"]
        self.server.worker_age = about["age"]
        worker = hook_objects.InnerWorker(about["age"], about["ppid"], cfg, log)
        worker.pid = os.getpid()
        worker.loop_pid = about["loop_pid"]
        self.worker = worker
        self.server.WORKERS = {worker.pid: worker}
        try:
            module = config_module.load_from(about["folder"], about["kind"], about["where"])
            self.functions = hook_objects.hooks_of(module, about["names"])
        except BaseException as error:
            text = "Failed to read config file %s:\n%s" % (about["where"], config_module.own_traceback(error))
            raise LoadError(EXIT_BOOT, text) from None

    def post_fork(self) -> None:
        """Before the application is loaded. Raises LoadError when the hook raises: the worker cannot boot."""
        if "post_fork" in self.functions:
            self._boot("post_fork", self.server, self.worker)

    def post_worker_init(self, app: App) -> None:
        """The application is loaded. Raises as `post_fork` does."""
        if not self.functions:
            return
        self.worker.wsgi = app
        if "post_worker_init" in self.functions:
            self._boot("post_worker_init", self.worker)
        self.worker.booted = True

    def around(self, app: App) -> Tuple[App, Exchanges]:
        """The application and the kind of exchange with which its requests are told to the hooks."""
        if not self.functions.keys() & {"pre_request", "post_request"}:
            return app, Exchange
        from . import request_hooks

        return request_hooks.around(app, self.functions, self.worker)

    def count(self, requests: Callable[[], int]) -> None:
        """`requests`: answers how many there were so far."""
        if self.functions:
            self.worker.requests = requests

    def worker_abort(self) -> None:
        """A request is past its time. In a thread of its own: the main thread answers the loop meanwhile."""
        if "worker_abort" in self.functions and not self.worker.aborted:
            self.worker.aborted = True
            threading.Thread(target=self._abort, name="tunicorn-worker-abort", daemon=True).start()

    def _abort(self) -> None:
        self._end("worker_abort", self.worker)
        self.worker.aborted = False

    def worker_int(self) -> None:
        """The worker is told to leave at once."""
        if self.functions:
            self.worker.alive = False
        if "worker_int" in self.functions:
            self._end("worker_int", self.worker)

    def worker_exit(self) -> None:
        """The last of all, once."""
        if "worker_exit" not in self.functions or self.exited:
            return
        self.exited = True
        self.worker.alive = False
        self._end("worker_exit", self.server, self.worker)

    def _boot(self, name: str, *args: Any) -> None:
        try:
            self.functions[name](*args)
        except BaseException as error:
            from .config_module import own_traceback

            raise LoadError(EXIT_BOOT, "%s failed:\n%s" % (name, own_traceback(error))) from None

    def _end(self, name: str, *args: Any) -> None:
        try:
            self.functions[name](*args)
        except BaseException:
            self.worker.log.exception("Exception in %s", name)
