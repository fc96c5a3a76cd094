"""Serves gatepass.wsgi on the loopback port that is its argument, from the environment that it reads."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from gatepass.wsgi import application


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser opens connections in advance; one thread for all would wait for the first of them."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


with make_server("127.0.0.1", int(sys.argv[1]), application, Threaded, Quiet) as server:
    server.serve_forever()
