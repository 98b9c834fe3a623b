"""What real Flask applications use of a server: cookies, redirects, sessions, uploads, streams, error handlers, hooks
around a request, and a URL made from the Host field."""
import threading

from flask import Flask, Response, jsonify, make_response, redirect, request, session, stream_with_context, url_for

app = Flask(__name__)
app.secret_key = "only for the tests"
torn_down = []


@app.teardown_request
def note_teardown(error):
    torn_down.append(repr(error) if error else "none")


@app.get("/")
def home():
    return "home"


@app.get("/cookies")
def cookies():
    response = make_response("two cookies")
    response.set_cookie("first", "1")
    response.set_cookie("second", "2", httponly=True)
    return response


@app.get("/visit")
def visit():
    session["visits"] = session.get("visits", 0) + 1
    return jsonify(visits=session["visits"])


@app.get("/old")
def old():
    return redirect(url_for("home", _external=True))


@app.post("/upload")
def upload():
    file = request.files["file"]
    return jsonify(name=file.filename, bytes=len(file.read()), field=request.form["field"])


@app.post("/json")
def read_json():
    return jsonify(request.get_json())


@app.get("/stream")
def stream():
    def pieces():
        for number in range(3):
            yield f"{number} of {request.path}\n"

    return Response(stream_with_context(pieces()), mimetype="text/plain")


@app.get("/path/<name>")
def path(name):
    return jsonify(name=name, query=request.args.get("q"))


@app.get("/raise")
def broken():
    raise RuntimeError("raised in a Flask view")


@app.errorhandler(404)
def missing(error):
    return jsonify(error="nothing here"), 404


@app.get("/thread")
def thread():
    return threading.current_thread().name


@app.get("/torn-down")
def torn():
    return jsonify(torn_down)
