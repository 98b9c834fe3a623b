"""The Python side of Tunicorn: runs one WSGI application in threads, each fed through its own socket pair.

Started by src/threads/python/process.ts, which holds the other ends. Standard library only; Python 3.8 and later.
"""

VERSION = "0.1.0"
