"""What server hooks are given: `server`, `worker`, their `cfg` and their `log`, with Gunicorn's names.

Gunicorn hands its own arbiter and worker over. Here those are other processes, so these are pictures of them: plain
attributes, written before each hook, on objects that stay the same, so that what a hook adds to them is there for the next.
docs/hooks.md lists what they have.
"""

import logging
from typing import Any, Callable, Dict, List, Mapping, Optional, Set

from .config_module import function_at
from .server_log import Send, connect


class Config:
    """Every setting by its name, as it is in force."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.__dict__.update(settings)
        self.wsgi_app = settings.get("app")
        # Gunicorn's other names for what the settings say.
        self.worker_class_str = settings.get("worker_class")
        self.is_ssl = settings.get("certfile") is not None
        self.env = dict(line.partition("=")[::2] for line in settings.get("raw_env") or ())

    def __getattr__(self, name: str) -> Any:
        raise AttributeError("cfg has no %s: Tunicorn has no such setting" % name)


class Logger:
    """`log`: Gunicorn's methods, into the server's error log."""

    def __init__(self, send: Send, level: str) -> None:
        self.error_log = connect(send, level)
        self.access_log = logging.getLogger("gunicorn.access")
        for name in ("critical", "error", "warning", "info", "debug", "exception", "log"):
            setattr(self, name, getattr(self.error_log, name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.error_log, name)


class Worker:
    """`worker`: one that runs the application; its pid is what the application sees as its own (os.getpid())."""

    def __init__(self, age: int, ppid: int, cfg: Config, log: Logger) -> None:
        self.age = age
        # None until it has been started. For WSGI that of the Python process, for Node.js that of the worker.
        self.pid: Optional[int] = None
        # The process of the I/O loop, whose pid is the one in the log.
        self.loop_pid: Optional[int] = None
        self.ppid = ppid
        self.cfg = cfg
        self.log = log
        self.timeout = getattr(cfg, "timeout", 0)
        self.max_requests = getattr(cfg, "max_requests", 0)
        self.booted = False
        self.aborted = False
        self.alive = True

    def __str__(self) -> str:
        return "<Worker %s>" % self.pid


class InnerWorker(Worker):
    """`worker` where the application is: it knows more of it."""

    def __init__(self, age: int, ppid: int, cfg: Config, log: Logger) -> None:
        super().__init__(age, ppid, cfg, log)
        # The application, once it is loaded.
        self.wsgi: Any = None
        self.requests: Callable[[], int] = int

    @property
    def nr(self) -> int:
        """How many requests this process has begun."""
        return self.requests()


class Server:
    """`server`: the arbiter, as it was when the hook was called."""

    def __init__(self, pid: int, cfg: Config, log: Logger) -> None:
        self.pid = pid
        self.cfg = cfg
        self.log = log
        self.num_workers = 0
        self.worker_age = 0
        # By pid, as the workers have it.
        self.WORKERS: Dict[int, Worker] = {}
        # "http://127.0.0.1:8000" and the like.
        self.LISTENERS: List[str] = []
        self.master_name = "Master"
        self.proc_name = getattr(cfg, "proc_name", None) or getattr(cfg, "app", None)

    @property
    def address(self) -> List[str]:
        return self.LISTENERS


def hooks_of(module: Any, names: List[str]) -> Dict[str, Callable[..., Any]]:
    """The hooks of a config module by name. One may be a text that says where it is: "package.module.function"."""
    found: Dict[str, Callable[..., Any]] = {}
    wanted: Set[str] = set(names)
    for name in wanted:
        value = getattr(module, name, None)
        if isinstance(value, str):
            value = function_at(value)
        if callable(value):
            found[name] = value
    return found
