"""`/hold` keeps the interpreter's lock in native code for a while: nothing of this process runs in the meantime."""
import ctypes


def application(environ, start_response):
    if environ["PATH_INFO"] == "/hold":
        ctypes.PyDLL(None).sleep(20)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
