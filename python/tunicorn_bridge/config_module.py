"""Evaluates a Python config file as Gunicorn does: a module named __config__, or any module by its name.

It happens in each process that needs something of it: where the settings are read, where the arbiter's hooks run, and in
each worker's Python for its own. So a file's globals are shared by the hooks of one process, as with Gunicorn.
"""

import importlib
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import traceback
from typing import Any, Callable, Optional

# Gunicorn's name for the module of a config file.
MODULE = "__config__"


def load(kind: str, where: str) -> Any:
    """The module: `kind` is "file", and `where` its path, or "module", and `where` its name. Raises what it raises."""
    return importlib.import_module(where) if kind == "module" else _load_file(where)


def _load_file(path: str) -> Any:
    # A loader of its own: a config file may have any name.
    loader = importlib.machinery.SourceFileLoader(MODULE, path)
    spec = importlib.util.spec_from_loader(MODULE, loader, origin=path)
    assert spec is not None
    spec.cached = None
    module = importlib.util.module_from_spec(spec)
    module.__file__ = path
    sys.modules[MODULE] = module
    writes_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes_bytecode
    return module


def load_from(folder: str, kind: str, where: str) -> Any:
    """The same as if the command had been given in `folder`: relative paths and imports of the file begin there.

    The folder of this process is as before afterwards; `folder` stays on the import path, last.
    """
    before = os.getcwd()
    sys.path.insert(0, folder)
    try:
        os.chdir(folder)
        return load(kind, where)
    finally:
        os.chdir(before)
        if folder in sys.path:
            sys.path.remove(folder)
        sys.path.append(folder)


def own_traceback(error: BaseException) -> str:
    """Without our own frames and the import machinery's: people look for their lines."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip()


_HERE = os.path.dirname(__file__) + os.sep


def _is_ours(filename: str) -> bool:
    return filename.startswith(_HERE) or filename.startswith("<frozen importlib") or filename == importlib.__file__


def function_at(name: str) -> Any:
    """What "package.module.function" names. Raises what importing it raises."""
    module, _, attribute = name.rpartition(".")
    return getattr(__import__(module, fromlist=[attribute]), attribute)


def arity_of(function: Callable[..., Any]) -> Optional[int]:
    """How many positional arguments it takes; None when it takes any number or does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind == p.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
