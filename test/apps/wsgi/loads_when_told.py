"""Loads when somebody writes to the fifo that LOAD_FIFO names, and not before."""
import os

with open(os.environ["LOAD_FIFO"], "rb") as fifo:
    fifo.read()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"loaded"]
