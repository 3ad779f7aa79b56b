"""A small HTTP server for what a well-behaved store never does: it drops connections, refuses methods, redirects."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]
SUCCESS: Answer = (200, {}, b'{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}')


@dataclass
class Received:
    """What one request brought."""

    method: str
    path: str
    headers: Message
    body: str


@dataclass
class Server:
    """A running server: its URL, and the requests that it has received."""

    url: str
    received: list[Received] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Received, int], Answer | None]) -> Iterator[Server]:
    """A server on loopback.

    Args:
        answer: status, headers and body for a request and its number (from 1); None closes the connection at once.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Received(self.command, self.path, self.headers, self.rfile.read(length).decode())
            server.received.append(request)
            reply = answer(request, len(server.received))
            if reply is None:
                self.close_connection = True
                return
            status, headers, body = reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
