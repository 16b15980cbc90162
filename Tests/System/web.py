#!/usr/bin/env python3
"""A web server as applications are: it needs its time to start, tells systemd when it is ready, takes
50 ms for an answer, and ends at once when it is told to, with what it was about to answer.

    web.py PORT SECONDS_TO_START
"""
import http.server, os, signal, socket, sys, time


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/healthz":
            time.sleep(0.05)
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
time.sleep(float(sys.argv[2]))
server = Server(("127.0.0.1", int(sys.argv[1])), Answer)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
    systemd.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
server.serve_forever()
