import Foundation

/// A certificate in files, as administrators have them.
public struct TestCertificate: Sendable {
    /// The certificate, PEM.
    public let file: String
    /// Its key, PEM.
    public let keyFile: String
    /// The certificate of the authority that signed it, PEM.
    public let authority: String

    /// Names the files of one.
    public init(file: String, keyFile: String, authority: String) {
        self.file = file
        self.keyFile = keyFile
        self.authority = authority
    }
}

/// A certificate authority of a test's own, made by openssl(1).
public struct TestAuthority: Sendable {
    /// Its certificate, PEM.
    public let file: String
    private let directory: TemporaryDirectory
    private let name: String

    /// Makes one, with its files in a directory.
    public init(_ name: String = "ca", in directory: TemporaryDirectory) async throws {
        self.directory = directory
        self.name = name
        file = directory.file("\(name).pem")
        try await Self.openssl(
            [
                "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(name)", "-out", file,
                "-keyout", directory.file("\(name).key"),
            ] + Self.key
        )
    }

    /// Signs a certificate for servers and clients.
    ///
    /// - Parameters:
    ///   - name: Names its files and is its common name.
    ///   - names: What it is for, as openssl writes it: `IP:127.0.0.1`, `DNS:localhost`.
    ///   - from: When it begins, in days from now.
    ///   - days: How long it is valid from now.
    /// - Returns: Its files; the same ones for the same name, which are overwritten.
    @discardableResult
    public func issue(
        _ name: String,
        for names: String = "IP:127.0.0.1,IP:::1,DNS:localhost",
        from: Int = -1,
        days: Int = 10
    ) async throws -> TestCertificate {
        let (request, key) = (directory.file("\(name).csr"), directory.file("\(name).key"))
        try await Self.openssl(
            ["req", "-nodes", "-subj", "/CN=\(name)", "-out", request, "-keyout", key] + Self.key
        )
        try directory.write("index-\(name)", "")
        try directory.write(
            "\(name).cnf",
            """
            [ca]
            default_ca = all
            [all]
            database = \(directory.file("index-\(name)"))
            new_certs_dir = \(directory.path)
            certificate = \(file)
            private_key = \(directory.file("\(self.name).key"))
            default_md = sha256
            policy = any
            rand_serial = yes
            unique_subject = no
            [any]
            commonName = supplied
            [leaf]
            subjectAltName = \(names)
            extendedKeyUsage = serverAuth, clientAuth
            """
        )
        let certificate = directory.file("\(name).pem")
        try await Self.openssl([
            "ca", "-batch", "-notext", "-config", directory.file("\(name).cnf"), "-extensions",
            "leaf", "-in", request, "-out", certificate, "-startdate", Self.date(from),
            "-enddate", Self.date(days),
        ])
        return TestCertificate(file: certificate, keyFile: key, authority: file)
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

    /// As openssl-ca(1) wants it.
    private static func date(_ days: Int) -> String {
        let format = Date.VerbatimFormatStyle(
            format: """
                \(year: .padded(4))\(month: .twoDigits)\(day: .twoDigits)\
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\
                \(minute: .twoDigits)\(second: .twoDigits)Z
                """,
            timeZone: .gmt,
            calendar: Calendar(identifier: .gregorian)
        )
        return Date(timeIntervalSinceNow: Double(days) * 24 * 3600).formatted(format)
    }

    private static func openssl(_ arguments: [String]) async throws {
        let result = try await Command("/usr/bin/openssl", arguments).run()
        guard result.status == 0 else {
            throw EtcdServer.Failure(
                description: "openssl \(arguments.joined(separator: " ")): \(result.errors)"
            )
        }
    }
}
