import TestKit

/// A certificate that signs itself, and its key, made by openssl.
struct Certificate: Sendable {
    /// The PEM file of the certificate.
    let file: String
    /// The PEM file of its key.
    let key: String

    /// Runs `body` with a certificate for these names, such as `DNS:localhost` and `IP:127.0.0.1`.
    static func with(
        for names: String,
        _ body: @escaping @Sendable (Certificate) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let certificate = Certificate(file: directory.file("cert"), key: directory.file("key"))
            let result = try await Command(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-keyout", certificate.key, "-out", certificate.file, "-days", "2",
                    "-subj", "/CN=test", "-addext", "subjectAltName=\(names)",
                ]
            ).run()
            guard result.status == 0 else { throw DidNotHappen(description: result.errors) }
            try await body(certificate)
        }
    }
}
