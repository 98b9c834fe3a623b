"""Loads, then hangs while it loads again, then loads: the count is kept in the file that LOADS names."""
import os
import time

with open(os.environ["LOADS"], "a+") as loads:
    loads.write(".")
    loads.flush()
    loads.seek(0)
    if len(loads.read()) == 2:
        time.sleep(600)


def application(environ, start_response):
    if environ["PATH_INFO"] == "/exit":
        os._exit(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
