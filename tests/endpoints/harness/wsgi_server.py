"""Serves gatepass.wsgi on the loopback port that is its argument, from the environment that it reads."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from gatepass.wsgi import application


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser opens connections in advance; one thread for all would wait for the first of them."""

    daemon_threads = True
    # Where many come at once, the usual 5 would let some wait for a second.
    request_queue_size = 128


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(port, served):
    with make_server("127.0.0.1", port, served, Threaded, Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), application)
