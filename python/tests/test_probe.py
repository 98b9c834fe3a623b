"""The paths of a drill: only those of its token are ours, and each does what it says."""

import io
import unittest
from typing import Any, List, Tuple

from tunicorn_bridge import probe


def app(environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", [])
    return [b"the application"]


class ProbeTest(unittest.TestCase):
    def ask(self, path: str, query: str = "", body: bytes = b"") -> Tuple[str, bytes]:
        statuses: List[str] = []
        environ = {"PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": io.BytesIO(body)}
        answer = probe.around(app, "token")(environ, lambda status, headers: statuses.append(status))
        return statuses[0], b"".join(answer)

    def test_every_other_path_is_the_applications(self) -> None:
        for path in ("/", "/-token-", "/-other-/exit", "/x/-token-/exit"):
            self.assertEqual(self.ask(path), ("200 OK", b"the application"))

    def test_it_answers_what_it_is_asked(self) -> None:
        self.assertEqual(self.ask("/-token-/ok"), ("200 OK", b""))
        self.assertEqual(self.ask("/-token-/work", "0.001"), ("200 OK", b""))
        self.assertEqual(self.ask("/-token-/read", body=b"a body"), ("200 OK", b""))
        self.assertEqual(self.ask("/-token-/big", "100000"), ("200 OK", bytes(100000)))
        self.assertEqual(self.ask("/-token-/unknown"), ("404 Not Found", b""))


if __name__ == "__main__":
    unittest.main()
