"""Finds the WSGI application that "package.module:attribute" names, as Gunicorn does.

An exception while the module is imported and an attribute that is not there are different failures, because the
command ends with a different exit code for each (Gunicorn's 3 and 4).
"""

import ast
import importlib
import os
import traceback
from typing import Any, Callable, Dict, List, Optional, Tuple

EXIT_BOOT = 3
EXIT_APP = 4

# Without an attribute these are looked for, in this order.
USUAL_NAMES = ("application", "app")

App = Callable[..., Any]


class LoadError(Exception):
    """The application cannot be had. exit_code is what the server ends with; the text is for people.

    cause: what the application raised, if it did.
    """

    def __init__(self, exit_code: int, message: str, cause: Optional[BaseException] = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.cause = cause


def load_app(spec: str) -> App:
    """Imports the module and returns the callable. Raises LoadError."""
    module_name, _, expression = spec.partition(":")
    module = _import(module_name, expression or USUAL_NAMES[0])
    if not expression:
        expression = next((name for name in USUAL_NAMES if hasattr(module, name)), USUAL_NAMES[0])
    name, call = _parse(expression)
    app = _attribute(module, name, module_name)
    if call is not None:
        app = _call_factory(app, name, call)
    if app is None:
        raise LoadError(EXIT_APP, "Failed to find application object: %r" % expression)
    if not callable(app):
        raise LoadError(EXIT_APP, "Application object must be callable.")
    return app  # type: ignore[no-any-return]


def _import(module_name: str, attribute: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except BaseException as error:
        text = _own_traceback(error)
        if isinstance(error, ImportError) and module_name.endswith(".py") and os.path.exists(module_name):
            text += "Failed to find application, did you mean '%s:%s'?\n" % (module_name[:-3], attribute)
        raise LoadError(EXIT_BOOT, text, error) from None


def _parse(expression: str) -> Tuple[str, Any]:
    """A name, or a call of a name with literal arguments: (name, None) or (name, (args, kwargs))."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise LoadError(
            EXIT_APP, "Failed to parse %r as an attribute name or function call." % expression
        ) from None
    if isinstance(tree, ast.Name):
        return tree.id, None
    if isinstance(tree, ast.Attribute):
        return expression, None
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, (ast.Name, ast.Attribute)):
        raise LoadError(EXIT_APP, "Failed to parse %r as an attribute name or function call." % expression)
    try:
        args: List[Any] = [ast.literal_eval(arg) for arg in tree.args]
        kwargs: Dict[str, Any] = {}
        for keyword in tree.keywords:
            if keyword.arg is None:
                raise ValueError
            kwargs[keyword.arg] = ast.literal_eval(keyword.value)
    except ValueError:
        raise LoadError(EXIT_APP, "Failed to parse arguments as literal values: %r" % expression) from None
    return expression.partition("(")[0].strip(), (args, kwargs)


def _attribute(module: Any, name: str, module_name: str) -> Any:
    found = module
    for part in name.split("."):
        try:
            found = getattr(found, part.strip())
        except AttributeError:
            raise LoadError(EXIT_APP, "Failed to find attribute %r in %r." % (name, module_name)) from None
    return found


def _call_factory(factory: Any, name: str, call: Tuple[List[Any], Dict[str, Any]]) -> Any:
    if not callable(factory):
        raise LoadError(EXIT_APP, "Function %r must be callable." % name)
    args, kwargs = call
    try:
        return factory(*args, **kwargs)
    except BaseException as error:
        raise LoadError(EXIT_BOOT, _own_traceback(error), error) from None


def _own_traceback(error: BaseException) -> str:
    """The traceback without our own frames and the import machinery's: people look for their lines."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    # A syntax error of the module itself, or a module that is missing, has no frame but ours.
    return "".join(traceback.format_exception(type(error), error, frames))


def _is_ours(filename: str) -> bool:
    return filename == __file__ or filename.startswith("<frozen importlib") or filename == importlib.__file__
