"""Evaluates a Python config file, as Gunicorn would, and answers what it sets as one line of JSON on descriptor 3.

Run by the server before anything is bound: `python read_config.py file PATH` or `python read_config.py module NAME`, in
the start directory, with the names of hooks behind it that may be texts: where the function is, which is looked up. What the file prints goes where it always went. Standard library only; knows no setting.
"""

import ast
import inspect
import json
import math
import os
import sys
from typing import Any, Dict, FrozenSet, List, Optional

if __name__ == "__main__":
    # Run as a script: the package is found beside us, and the folder does not stay where the config file would import from.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Our own folder stays as it was installed.
    sys.dont_write_bytecode = True

from tunicorn_bridge.config_module import arity_of, function_at, load, own_traceback

ANSWER_FD = 3


def main(kind: str, where: str, hooks: FrozenSet[str]) -> None:
    # Commands that the config file starts have no part in the answer.
    os.set_inheritable(ANSWER_FD, False)
    # The start directory is the first that the config file imports from.
    sys.path[0] = os.getcwd()
    try:
        answer = _taken_apart(load(kind, where), hooks)
    except BaseException as error:
        answer = {"error": "%s: %s" % (type(error).__name__, error), "traceback": own_traceback(error)}
    with os.fdopen(ANSWER_FD, "w", encoding="utf-8") as out:
        json.dump(answer, out)


def _taken_apart(module: Any, hooks: FrozenSet[str]) -> Dict[str, Any]:
    lines = _lines_of(getattr(module, "__file__", None))
    values: List[Dict[str, Any]] = []
    functions: List[Dict[str, Any]] = []
    for name, value in vars(module).items():
        if name.startswith("__") or inspect.ismodule(value):
            continue
        entry: Dict[str, Any] = {"name": name, "line": lines.get(name)}
        if _is_gunicorns(value):
            # worker_class = ThreadWorker: Gunicorn takes a class where it takes its name.
            entry["value"] = "%s.%s" % (value.__module__, value.__qualname__)
            values.append(entry)
            continue
        if name in hooks and isinstance(value, str):
            try:
                value = function_at(value)
            except Exception as error:
                entry["odd"] = "%r (%s: %s)" % (value, type(error).__name__, error)
        if callable(value):
            entry["arity"] = arity_of(value)
            functions.append(entry)
            continue
        try:
            if "odd" not in entry:
                entry["value"] = _plain(value)
        except TypeError as error:
            entry["odd"] = str(error)
        values.append(entry)
    return {"values": values, "functions": functions}


def _is_gunicorns(value: Any) -> bool:
    return inspect.isclass(value) and value.__module__.split(".")[0] == "gunicorn"


def _plain(value: Any) -> Any:
    """What JSON can say, or a TypeError with the name of the type that it cannot."""
    if isinstance(value, float) and not math.isfinite(value):
        # json.dump would write a word for it that is no JSON.
        raise TypeError("float (%r)" % value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    raise TypeError(type(value).__name__)


def _lines_of(path: Optional[str]) -> Dict[str, int]:
    """The line on which each name was set last, as far as the text shows it."""
    if path is None:
        return {}
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    lines: Dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lines[node.id] = max(lines.get(node.id, 0), node.lineno)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            lines[node.name] = max(lines.get(node.name, 0), node.lineno)
    return lines


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], frozenset(sys.argv[3].split(",")))
