"""/eat?FILE opens files until there is no descriptor left, and closes them when FILE is there. Everything else is answered
at once, with the length of the body that came."""

import os
import threading
import time


def give_back(eaten, gate):
    while not os.path.exists(gate):
        time.sleep(0.02)
    for descriptor in eaten:
        os.close(descriptor)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/eat":
        eaten = []
        try:
            while True:
                eaten.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            body = b"%d eaten" % len(eaten)
        threading.Thread(target=give_back, args=(eaten, environ["QUERY_STRING"]), daemon=True).start()
    else:
        body = b"%d bytes" % len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
