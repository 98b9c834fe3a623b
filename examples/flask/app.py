"""A small Flask application: a page, a JSON endpoint and a streaming response."""
from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello from Flask\n", {"Content-Type": "text/plain; charset=utf-8"}


@app.post("/sum")
def total():
    numbers = request.get_json().get("numbers", [])
    return jsonify(total=sum(numbers), count=len(numbers))


@app.get("/count/<int:last>")
def count(last):
    def lines():
        for number in range(1, min(last, 1000) + 1):
            yield f"{number}\n"

    return Response(lines(), mimetype="text/plain")


@app.post("/upload")
def upload():
    file = request.files["file"]
    return jsonify(name=file.filename, bytes=len(file.read()))
