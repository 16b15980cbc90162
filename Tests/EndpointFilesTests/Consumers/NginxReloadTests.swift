import TestKit
import Testing

/// What a reload of nginx costs the clients, as docs/CONSUMERS.md says it.
@Suite struct NginxReloadTests {
    @Test func `a reload ends no request in progress, and closes connections that are idle`()
        async throws
    {
        try await TemporaryDirectory.with { directory in
            let result = try await Consumer.python3.run([
                "-c", Self.program, Consumer.nginx.path(), directory.path,
            ])
            #expect(result.output == "in progress 200, idle closed\n", "\(result.errors)")
        }
    }

    /// An nginx before a server that takes its time for /slow.
    private static let program = """
        import http.client, http.server, signal, socket, subprocess, sys, threading, time
        program, directory = sys.argv[1:]
        arrived, answer = threading.Event(), threading.Event()

        class Slow(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                if self.path == "/slow":
                    arrived.set()
                    answer.wait(30)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")
            def log_message(self, *_): pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"{directory}/in"
        temporary = "".join(f"{name}_temp_path {directory}/{name};" for name in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(f"{directory}/nginx.conf", "w") as file:
            file.write(f"daemon off; pid {directory}/pid; events {{}} http {{ access_log off; {temporary} "
                       f"server {{ listen unix:{place}; "
                       f"location / {{ proxy_pass http://127.0.0.1:{server.server_port}; }} }} }}")

        class Client(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.settimeout(30)
                self.sock.connect(place)

        def status(client, path):
            client.request("GET", path)
            answered = client.getresponse()
            answered.read()
            return answered.status

        nginx = subprocess.Popen([program, "-p", directory, "-e", f"{directory}/log", "-c", f"{directory}/nginx.conf"])
        try:
            idle, slow, found = Client("nginx"), Client("nginx"), []
            for _ in range(1000):
                try:
                    status(idle, "/")
                    break
                except OSError:
                    idle.close()
                    time.sleep(0.02)
            asking = threading.Thread(target=lambda: found.append(status(slow, "/slow")))
            asking.start()
            arrived.wait(30)
            nginx.send_signal(signal.SIGHUP)
            closed = idle.sock.recv(1) == b""
            answer.set()
            asking.join(30)
            print(f"in progress {found[0]}, idle {'closed' if closed else 'kept'}")
        finally:
            nginx.terminate()
            nginx.wait()
        """
}
