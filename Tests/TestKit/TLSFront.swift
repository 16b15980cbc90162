/// A TLS server of another make, OpenSSL's, before a server that speaks none: it decrypts and passes on.
///
/// Go's own server, which etcd has, takes fewer kinds of keys and cannot be held to one version of TLS.
public struct TLSFront: Sendable {
    /// Where it listens, on loopback.
    public let port: UInt16

    /// A version of TLS, as Python calls it.
    public enum Version: String, CaseIterable, Sendable {
        /// RFC 5246.
        case tls12 = "TLSv1_2"
        /// RFC 8446.
        case tls13 = "TLSv1_3"
    }

    /// The endpoint that clients are given.
    public var endpoint: String { "https://127.0.0.1:\(port)" }

    /// Runs `body` beside a front and ends it afterwards.
    ///
    /// - Parameters:
    ///   - certificate: What it shows.
    ///   - version: The only version that it speaks; either when `nil`.
    ///   - authority: Who has to have signed the client's certificate; it asks for none when `nil`.
    public static func with<Value>(
        of server: EtcdServer,
        _ certificate: TestCertificate,
        version: Version? = nil,
        clientsOf authority: String? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (TLSFront) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            try directory.write("front.py", script)
            let backend = server.endpoint.split(separator: ":").last.map(String.init) ?? ""
            let process = try ChildProcess(
                "/usr/bin/python3",
                [
                    directory.file("front.py"), directory.file("port"), backend, certificate.file,
                    certificate.keyFile, version?.rawValue ?? "", authority ?? "",
                ],
                errors: directory.file("errors")
            )
            defer { process.kill() }
            var port: UInt16?
            try await eventually("python3 listens") {
                if process.status != nil {
                    throw DidNotHappen(description: directory.read("errors") ?? "python3 ended")
                }
                port = directory.read("port").flatMap { UInt16($0) }
                return port != nil
            }
            return try await body(TLSFront(port: port ?? 0))
        }
    }

    private static let script = #"""
        import os, select, socket, ssl, sys, threading

        place, backend, certificate, key, version, authority = sys.argv[1:]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2"])
        if version:
            context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
        if authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority)

        def serve(client):
            try:
                with context.wrap_socket(client, server_side=True) as tls, \
                        socket.create_connection(("127.0.0.1", int(backend))) as etcd:
                    while True:
                        ready = [tls] if tls.pending() else select.select([tls, etcd], [], [])[0]
                        for source in ready:
                            data = source.recv(65536)
                            if not data:
                                return
                            (etcd if source is tls else tls).sendall(data)
            except OSError:
                client.close()

        listener = socket.create_server(("127.0.0.1", 0))
        with open(place + ".new", "w") as file:
            file.write(str(listener.getsockname()[1]))
        os.rename(place + ".new", place)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#
}
