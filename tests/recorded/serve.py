"""Serves gatepass.wsgi on a port of this machine: `serve.py PORT`; with `changed` as its broken variant."""

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from gatepass import wsgi


class Quiet(WSGIRequestHandler):
    """Without a line for each request, and without a look at the name server."""

    def log_message(self, *_):
        pass

    def address_string(self):
        return self.client_address[0]


def changed(environ, start_response):
    """What must be noticed: a byte of each body is another."""
    body = b"".join(wsgi.application(environ, start_response))
    return [body[:-1] + bytes([body[-1] ^ 1]) if body else body]


application = changed if sys.argv[2:] == ["changed"] else wsgi.application
make_server("127.0.0.1", int(sys.argv[1]), application, handler_class=Quiet).serve_forever()
