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

/// What a key is made with.
public enum TestKey: String, CaseIterable, Sendable {
    /// RSA with 2048 bits.
    case rsa = "RSA"
    /// The usual curve.
    case p256 = "P-256"
    /// A larger one.
    case p384 = "P-384"
    /// The largest of these.
    case p521 = "P-521"
    /// RFC 8032, with 128 bits of security.
    case ed25519 = "Ed25519"
    /// RFC 8032, with 224 bits of security.
    case ed448 = "Ed448"
    /// RSA that signs by PSS only (RFC 4055).
    case pss = "RSA-PSS"

    /// Those that a client must get along with.
    public static let common: [TestKey] = [.rsa, .p256, .p384, .p521, .ed25519]

    /// For openssl-req(1).
    var arguments: [String] {
        switch self {
        case .rsa: ["-newkey", "rsa:2048"]
        case .p256, .p384, .p521: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(rawValue)"]
        case .ed25519: ["-newkey", "ed25519"]
        case .ed448: ["-newkey", "ed448"]
        case .pss: ["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"]
        }
    }
}

/// A certificate authority of a test's own, made by openssl(1).
public struct TestAuthority: Sendable {
    /// Its certificate, PEM.
    public let file: String
    private let directory: TemporaryDirectory
    private let name: String

    /// Makes one, with its files in a directory.
    ///
    /// - Parameter limits: Its name constraints, as openssl writes them: `permitted;DNS:example.org`.
    public init(
        _ name: String = "ca",
        key: TestKey = .p256,
        limits: String? = nil,
        in directory: TemporaryDirectory
    ) async throws {
        self.directory = directory
        self.name = name
        file = directory.file("\(name).pem")
        try await Self.openssl(
            [
                "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=\(name)", "-out", file,
                "-keyout", directory.file("\(name).key"),
            ] + key.arguments
                + (limits.map { ["-addext", "nameConstraints=critical,\($0)"] } ?? [])
        )
    }

    /// Makes one that another one signed.
    public init(
        _ name: String,
        signedBy root: TestAuthority,
        in directory: TemporaryDirectory
    ) async throws {
        self.directory = directory
        self.name = name
        file = directory.file("\(name).pem")
        let request = directory.file("\(name).csr")
        try await Self.openssl(
            [
                "req", "-nodes", "-subj", "/CN=\(name)", "-out", request, "-keyout",
                directory.file("\(name).key"),
            ] + TestKey.p256.arguments
        )
        try root.configure(name, "basicConstraints = critical, CA:TRUE")
        try await Self.openssl([
            "ca", "-batch", "-notext", "-config", directory.file("\(name).cnf"), "-extensions",
            "one", "-in", request, "-out", file, "-startdate", Self.date(-60),
            "-enddate", Self.date(24 * 3600),
        ])
    }

    /// Signs another certificate for the authority itself, of the same name and key.
    ///
    /// - Parameters:
    ///   - name: Names its file.
    ///   - from: When it begins, in seconds from now.
    ///   - end: When it ends, in seconds from now.
    /// - Returns: Its file, PEM.
    public func twin(_ name: String, from: Int, end: Int) async throws -> String {
        let (request, key) = (directory.file("\(name).csr"), directory.file("\(self.name).key"))
        try await Self.openssl([
            "req", "-new", "-subj", "/CN=\(self.name)", "-key", key, "-out", request,
        ])
        try configure(
            name,
            "basicConstraints = critical, CA:TRUE\nsubjectKeyIdentifier = hash"
        )
        let certificate = directory.file("\(name).pem")
        try await Self.openssl([
            "ca", "-batch", "-notext", "-selfsign", "-config", directory.file("\(name).cnf"),
            "-keyfile", key, "-extensions", "one", "-in", request, "-out", certificate,
            "-startdate", Self.date(from), "-enddate", Self.date(end),
        ])
        return certificate
    }

    /// Signs a certificate, for servers and clients unless given.
    ///
    /// - Parameters:
    ///   - name: Names its files and is its common name.
    ///   - names: What it is for, as openssl writes it: `IP:127.0.0.1`, `DNS:localhost`.
    ///   - purposes: What it may be used for, as openssl writes it.
    ///   - from: When it begins, in days from now.
    ///   - days: How long it is valid from now.
    /// - Returns: Its files; the same ones for the same name, which are overwritten.
    @discardableResult
    public func issue(
        _ name: String,
        for names: String = "IP:127.0.0.1,IP:::1,DNS:localhost",
        key kind: TestKey = .p256,
        purposes: String = "serverAuth, clientAuth",
        from: Int = -1,
        days: Int = 10
    ) async throws -> TestCertificate {
        let (request, key) = (directory.file("\(name).csr"), directory.file("\(name).key"))
        try await Self.openssl(
            ["req", "-nodes", "-subj", "/CN=\(name)", "-out", request, "-keyout", key]
                + kind.arguments
        )
        try configure(name, "subjectAltName = \(names)\nextendedKeyUsage = \(purposes)")
        let certificate = directory.file("\(name).pem")
        let day = 24 * 3600
        try await Self.openssl([
            "ca", "-batch", "-notext", "-config", directory.file("\(name).cnf"), "-extensions",
            "one", "-in", request, "-out", certificate, "-startdate", Self.date(from * day),
            "-enddate", Self.date(days * day),
        ])
        return TestCertificate(file: certificate, keyFile: key, authority: file)
    }

    /// Writes what openssl-ca(1) needs, with the extensions of one certificate.
    private func configure(_ name: String, _ extensions: String) throws {
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
            [one]
            \(extensions)
            """
        )
    }

    /// As openssl-ca(1) wants it.
    private static func date(_ seconds: Int) -> String {
        let format = Date.VerbatimFormatStyle(
            format: """
                \(year: .padded(4))\(month: .twoDigits)\(day: .twoDigits)\
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased))\
                \(minute: .twoDigits)\(second: .twoDigits)Z
                """,
            timeZone: .gmt,
            calendar: Calendar(identifier: .gregorian)
        )
        return Date(timeIntervalSinceNow: Double(seconds)).formatted(format)
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
