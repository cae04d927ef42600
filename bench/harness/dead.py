"""Providers that do not answer, each in its own way. Threads of this process, which ends with the run."""

import socket
import threading

REFUSALS = {
    # Nothing that says when to come back.
    "bare 429": b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
    "HTML 500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\nContent-Length: 47\r\n\r\n"
                b"<html><body><h1>Server Error</h1></body></html>",
}
# In the order in which they stand before the good one.
WAYS = ("refused", "TLS error", "silence", "bare 429", "HTML 500")


def base_url(way):
    """Starts a server that is dead in this way; where it is found."""
    if way == "refused":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_accept, args=(listener, way), daemon=True).start()
    # Who speaks TLS to a server that does not has the same trouble as with one whose certificate has run out.
    scheme = "https" if way == "TLS error" else "http"
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/v1"


def _accept(listener, way):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_refuse, args=(connection, way), daemon=True).start()


def _refuse(connection, way):
    with connection:
        try:
            while connection.recv(65536):
                if way == "TLS error":
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
                if way in REFUSALS:
                    connection.sendall(REFUSALS[way])
        except OSError:
            # The gateway went away, which is its right.
            return
