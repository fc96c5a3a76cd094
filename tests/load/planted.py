"""gatepass.wsgi with a fault on purpose: `leaks` keeps every request, `errs` answers some wrongly."""

import itertools
import sys

from gatepass.wsgi import application
from wsgi_server import serve

kept = []
count = itertools.count(1)


def leaks(environ, start_response):
    kept.append((dict(environ), bytes(16 << 10)))
    return application(environ, start_response)


def errs(environ, start_response):
    number = next(count)
    if number % 40 == 0:
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"sorry\n"]
    if number % 40 == 20:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html>database is locked\n"]
    return application(environ, start_response)


serve(int(sys.argv[1]), {"leaks": leaks, "errs": errs}[sys.argv[2]])
