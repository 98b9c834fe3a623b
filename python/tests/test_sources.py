"""Which files are told of: the application's, once, also those that a failed import came through."""

import os
import sys
import tempfile
import types
import unittest
from typing import List

from tunicorn_bridge.loader import LoadError, load_app
from tunicorn_bridge.sources import Sources


class SourcesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        sys.path.insert(0, self.folder)
        self.addCleanup(sys.path.remove, self.folder)
        before = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - before])
        self.sources = Sources()
        self.sources.news()

    def write(self, name: str, text: str) -> str:
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return os.path.join(self.folder, name)

    def news(self) -> List[str]:
        return sorted(self.sources.news())

    def failed(self, app: str) -> List[str]:
        with self.assertRaises(LoadError) as caught:
            load_app(app)
        return sorted(self.sources.news(caught.exception.cause))

    def test_what_is_imported_is_told_once(self) -> None:
        first = self.write("first_source.py", "import second_source\napp = print\n")
        second = self.write("second_source.py", "")
        load_app("first_source:app")
        self.assertEqual(self.news(), [first, second])
        self.assertEqual(self.news(), [])
        third = self.write("third_source.py", "")
        __import__("third_source")
        self.assertEqual(self.news(), [third])

    def test_a_failure_tells_where_it_came_through(self) -> None:
        outer = self.write("outer_source.py", "try:\n    import inner_source\nexcept SyntaxError as e:\n    raise OSError from e\n")
        inner = self.write("inner_source.py", "def :\n")
        self.assertEqual(self.failed("outer_source"), sorted([inner, outer]))
        raising = self.write("raising_source.py", "def make():\n    raise KeyError\n")
        self.assertEqual(self.failed("raising_source:make()"), [raising])

    def test_neither_the_standard_library_nor_what_has_no_file_is_told(self) -> None:
        import colorsys  # noqa: F401

        class Lazy(types.ModuleType):
            def __getattr__(self, name: str) -> object:
                raise AssertionError(name)

        sys.modules["lazy_source"] = Lazy("lazy_source")
        self.assertEqual(self.news(), [])


if __name__ == "__main__":
    unittest.main()
