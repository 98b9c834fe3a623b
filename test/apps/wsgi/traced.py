"""A Flask application that tells which trace it was given, works for a while, streams, fails and hangs."""
import time

from flask import Flask, Response, abort, jsonify, request

app = Flask(__name__)


@app.get("/told")
def told():
    return jsonify(parent=request.headers.get("traceparent"), state=request.headers.get("tracestate"))


@app.get("/work")
def work():
    time.sleep(float(request.args["ms"]) / 1000)
    return "done"


@app.get("/stream")
def stream():
    def pieces():
        yield "first"
        time.sleep(0.05)
        yield "last"

    return Response(pieces())


@app.get("/fail")
def fail():
    abort(500)


@app.get("/hang")
def hang():
    time.sleep(60)
    return "never"
