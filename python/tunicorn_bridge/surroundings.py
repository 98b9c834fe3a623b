"""What an application finds around it when it is loaded: folder, import path, argv."""

import faulthandler
import os
import sys
from typing import Any, Dict

from .loader import EXIT_BOOT, LoadError
from .process import let_lines_go


def set_up_process(start: Dict[str, Any]) -> None:
    """The surroundings that the application expects: folder, import path, argv, a stderr that does not hold back."""
    if not faulthandler.is_enabled():
        faulthandler.enable()
    let_lines_go(sys.stderr)
    if start.get("captured"):
        let_lines_go(sys.stdout)
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
