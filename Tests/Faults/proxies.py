"""What may stand between a client and etcd: etcd's own gRPC proxy, nginx, HAProxy, and one that loses what a watch
tells."""
import os
import socket
import subprocess
import threading

import network
from waiting import until

# The frames of HTTP/2 (RFC 9113, 4.1 and 6.1), as far as they are told apart here.
HEAD, DATA = 9, 0


class GrpcProxy:
    """`etcd grpc-proxy`: it shares watches among its clients, and answers no request for progress."""

    def __init__(self, world, program, port):
        self.address = f"http://{network.HERE}:{port}"
        log = open(os.path.join(world.directory, f"proxy-{port}.log"), "ab")
        self.process = subprocess.Popen(
            [program, "grpc-proxy", "start", f"--endpoints={','.join(world.cluster.addresses)}",
             f"--listen-addr={network.HERE}:{port}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=world.directory)
        until(lambda: accepts(port), "the proxy listens", 10)


class Server:
    """A program that listens, with a configuration file of its own."""

    def __init__(self, world, port, name, command, configuration):
        self.address = f"http://{network.HERE}:{port}"
        path = os.path.join(world.directory, f"{name}.conf")
        with open(path, "w") as file:
            file.write(configuration)
        log = open(os.path.join(world.directory, f"{name}.log"), "ab")
        self.process = subprocess.Popen([*command, path], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        cwd=world.directory)
        until(lambda: accepts(port), f"{name} listens", 10)


class Nginx(Server):
    """nginx, which ends each connection after so many requests, with GOAWAY."""

    def __init__(self, world, port, requests):
        member = world.cluster.members[0].host.address
        super().__init__(world, port, "nginx", ["nginx", "-p", world.directory, "-c"], f"""
daemon off; worker_processes 1; pid nginx.pid; error_log nginx-errors.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    server {{
        listen {network.HERE}:{port} http2;
        keepalive_requests {requests};
        location / {{ grpc_pass grpc://{member}:{network.CLIENTS}; }}
    }}
}}
""")


class HAProxy(Server):
    """HAProxy, which ends what has been silent for a while."""

    def __init__(self, world, port, seconds):
        member = world.cluster.members[0].host.address
        super().__init__(world, port, "haproxy", ["haproxy", "-db", "-f"], f"""
defaults
    mode http
    timeout connect 2s
    timeout client {seconds}s
    timeout server {seconds}s
    timeout http-keep-alive {seconds}s
frontend clients
    bind {network.HERE}:{port} proto h2
    default_backend etcd
backend etcd
    server m1 {member}:{network.CLIENTS} proto h2
""")


class SwallowingProxy:
    """Passes everything on, but for what is told on a watch after its first answer: neither changes nor
    progress."""

    def __init__(self, member, port):
        self.address = f"http://{network.HERE}:{port}"
        self._member = member
        #: Whether it does so now.
        self.swallows = True
        self._listening = socket.create_server((network.HERE, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self._listening.accept()
            server = socket.create_connection((self._member.host.address, network.CLIENTS))
            for target, source, sink in ((pass_on, client, server), (self._filter, server, client)):
                threading.Thread(target=target, args=(source, sink), daemon=True).start()

    def _filter(self, server, client):
        watches, waiting = set(), b""
        try:
            while data := server.recv(65536):
                waiting += data
                passed = b""
                while len(waiting) >= HEAD:
                    size = HEAD + int.from_bytes(waiting[:3], "big")
                    if len(waiting) < size:
                        break
                    frame, waiting = waiting[:size], waiting[size:]
                    stream = int.from_bytes(frame[5:9], "big")
                    if frame[3] == DATA and stream in watches and self.swallows:
                        continue
                    if frame[3] == DATA and is_watch_created(frame[HEAD:]):
                        watches.add(stream)
                    passed += frame
                client.sendall(passed)
        except OSError:
            pass
        finally:
            close(server, client)


def is_watch_created(message):
    """Whether the field `created` of a WatchResponse is at the end of it (3, a varint, true): only the first
    answer has it. Five bytes of gRPC come before the message."""
    return message[5:6] == b"\x0a" and message.endswith(b"\x18\x01")


def accepts(port):
    try:
        socket.create_connection((network.HERE, port), timeout=1).close()
        return True
    except OSError:
        return False


def pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        close(source, sink)


def close(*sockets):
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
