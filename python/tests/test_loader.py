"""How an application is found, and with which exit code and words when it is not."""

import os
import sys
import tempfile
import unittest
from typing import Any

from tunicorn_bridge.loader import LoadError, load_app

SOURCE = """
def app(environ, start_response): return 'app'
def make(*args, **kwargs): return lambda *_: (args, kwargs)
def broken(): raise RuntimeError('in factory')
class holder:
    app = staticmethod(app)
number = 1
nothing = None
"""


class LoaderTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        sys.path.insert(0, folder.name)
        self.addCleanup(sys.path.remove, folder.name)
        for name, source in (("loadable", SOURCE), ("raising", "1/0\n"), ("unparsable", "def :\n")):
            self.addCleanup(lambda name=name: sys.modules.pop(name, None))
            with open(os.path.join(folder.name, name + ".py"), "w", encoding="utf-8") as file:
                file.write(source)

    def refused(self, spec: str) -> LoadError:
        with self.assertRaises(LoadError) as caught:
            load_app(spec)
        return caught.exception

    def test_names_dotted_names_and_factories(self) -> None:
        calls: Any = {
            "loadable": "app",
            "loadable:app": "app",
            "loadable:holder.app": "app",
            "loadable:make()": ((), {}),
            "loadable:make(1, 'x', debug=True)": ((1, "x"), {"debug": True}),
        }
        for spec, answer in calls.items():
            with self.subTest(spec=spec):
                self.assertEqual(load_app(spec)({}, None), answer)

    def test_what_is_not_there_or_cannot_be_called_is_4(self) -> None:
        words = {
            "loadable:missing": "Failed to find attribute 'missing' in 'loadable'.",
            "loadable:number": "Application object must be callable.",
            "loadable:nothing": "Failed to find application object: 'nothing'",
            "loadable:1 + 1": "Failed to parse '1 + 1' as an attribute name or function call.",
            "loadable:make(x)": "Failed to parse arguments as literal values: 'make(x)'",
        }
        for spec, text in words.items():
            with self.subTest(spec=spec):
                error = self.refused(spec)
                self.assertEqual((error.exit_code, str(error)), (4, text))

    def test_what_raises_is_3_and_shows_only_the_applications_lines(self) -> None:
        for spec, text in (
            ("raising", "ZeroDivisionError"),
            ("unparsable", "SyntaxError"),
            ("no_such_module", "ModuleNotFoundError"),
            ("loadable:broken()", "RuntimeError: in factory"),
        ):
            with self.subTest(spec=spec):
                error = self.refused(spec)
                self.assertEqual(error.exit_code, 3)
                self.assertIn(text, str(error))
                self.assertNotIn("loader.py", str(error))
                self.assertNotIn("importlib", str(error))
