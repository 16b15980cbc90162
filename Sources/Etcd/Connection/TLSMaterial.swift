import Certificates
import Files
import NIOSSL

/// The contents of the TLS files at one time: enough for one connection.
struct TLSMaterial: Sendable {
    /// Changes whenever the content of a file does.
    let fingerprint: Int
    /// When our own certificate is valid; `nil` when we have none.
    let validity: CertificateValidity?
    /// The authorities of `ca_file`; `nil` when the system's are trusted.
    let authorities: TrustedAuthorities?
    private let configuration: TLSConfiguration

    /// Reads the files.
    ///
    /// - Parameter now: In seconds since 1970.
    /// - Throws: ``EtcdError`` `unusableFile` when one cannot be read or does not hold what it should,
    ///   when no authority is valid, when certificate and key are no pair, or when our certificate has expired.
    init(reading tls: EtcdClient.TLS, now: Int) throws(EtcdError) {
        let file = try tls.caFile.map { path throws(EtcdError) in
            try Self.certificates(path, as: "ca_file")
        }
        let pair = try Self.pair(of: tls, now: now)

        var hasher = Hasher()
        hasher.combine(file?.bytes)
        hasher.combine(pair?.chain.bytes)
        hasher.combine(pair?.key)
        fingerprint = hasher.finalize()
        validity = pair?.chain.certificates.first.map(CertificateValidity.init)

        var configuration = TLSClientConfiguration.client(["h2"])
        if let path = tls.caFile, let file {
            let authorities = TrustedAuthorities(file.certificates, now: now)
            guard !authorities.valid.isEmpty else { throw Self.noneIsValid(path, authorities) }
            configuration.trustRoots = .certificates(authorities.valid.map(\.certificate))
            self.authorities = authorities
        } else {
            authorities = nil
        }
        if let pair {
            configuration.certificateChain = pair.chain.certificates.map { .certificate($0) }
            configuration.privateKey = .privateKey(pair.privateKey)
        }
        self.configuration = configuration
    }

    /// Makes the TLS configuration for connections. Reads the system's authorities, where they are trusted.
    ///
    /// - Parameter protocols: What is spoken over it; HTTP/2 unless said otherwise.
    /// - Throws: ``EtcdError`` `unusableFile` when these cannot be read.
    func context(now: Int, protocols: [String]? = nil) throws(EtcdError) -> NIOSSLContext {
        var configuration = configuration
        if let protocols { configuration.applicationProtocols = protocols }
        if authorities == nil { SystemAuthorities().trust(in: &configuration, now: now) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw EtcdError(
                .unusableFile,
                "the system's authorities cannot be read; install its ca-certificates, or set ca_file",
                cause: error
            )
        }
    }

    /// For ``TLSFilesMachine``.
    var files: TLSFilesMachine.Files {
        TLSFilesMachine.Files(
            fingerprint: fingerprint,
            authorities: authorities?.places ?? [],
            authoritiesChangeAt: authorities?.changesAt
        )
    }

    /// Which authorities of `ca_file` are not used because they are not valid, for people; `nil` when all are.
    var leftOut: String? {
        authorities?.leftOutWords.map {
            "ca_file: ignoring authorities that are not valid now: \($0); remove them from the file "
                + "when the renewed ones are in it"
        }
    }

    /// Reads the files as they are now, on a thread that may wait for their disk.
    ///
    /// - Throws: As ``init(reading:now:)``, and `unusableFile` when the disk does not answer within `limit` or the
    ///   task is cancelled.
    static func read(
        _ configuration: EtcdClient.Configuration,
        within limit: Duration
    ) async throws(EtcdError) -> TLSMaterial {
        let tls = configuration.tls
        return try await configuration.threads.read("ca_file or cert_file", within: limit) {
            () throws(EtcdError) in
            try TLSMaterial(reading: tls, now: CertificateValidity.now)
        }
    }

    /// Reads the files, and what connections are made with: ``read(_:within:)`` and ``context(now:)``.
    static func readToConnect(
        _ configuration: EtcdClient.Configuration,
        within limit: Duration
    ) async throws(EtcdError) -> (material: TLSMaterial, context: NIOSSLContext) {
        let tls = configuration.tls
        // The system's bundle alone takes a slow processor longer than a share of a short dial timeout.
        let limit = max(limit, .seconds(2))
        return try await configuration.threads.read("ca_file or cert_file", within: limit) {
            () throws(EtcdError) in
            let now = CertificateValidity.now
            let material = try TLSMaterial(reading: tls, now: now)
            return (material, try material.context(now: now))
        }
    }

    private typealias PEMFile = (bytes: [UInt8], certificates: [NIOSSLCertificate])
    private typealias Pair = (chain: PEMFile, key: [UInt8], privateKey: NIOSSLPrivateKey)
    /// No bundle of authorities comes near it.
    private static let fileLimit = 4 * 1024 * 1024

    private static func noneIsValid(_ path: String, _ all: TrustedAuthorities) -> EtcdError {
        EtcdError(
            .unusableFile,
            "ca_file: no authority in \(path) is valid now: \(all.leftOutWords ?? "it is empty"); put the "
                + "renewed one there (is this host's clock right?)"
        )
    }

    private static func certificates(
        _ path: String,
        as setting: String
    ) throws(EtcdError) -> PEMFile {
        let bytes = try SmallFile.read(path, limit: fileLimit, as: setting)
        // NIOSSL does not say what is wrong with it.
        guard let read = try? NIOSSLCertificate.fromPEMBytes(bytes), !read.isEmpty else {
            throw EtcdError(
                .unusableFile,
                "\(setting): \(path) holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
            )
        }
        return (bytes, read)
    }

    private static func pair(of tls: EtcdClient.TLS, now: Int) throws(EtcdError) -> Pair? {
        switch (tls.certificateFile, tls.keyFile) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            let chain = try certificates(certificate, as: "cert_file")
            let bytes = try SmallFile.read(key, limit: fileLimit, as: "key_file")
            return (chain, bytes, try check(chain, certificate, bytes, key, now))
        default:
            throw EtcdError(
                .unusableFile,
                "cert_file and key_file must be set together"
            )
        }
    }

    /// - Returns: The key, which is the certificate's.
    private static func check(
        _ chain: PEMFile,
        _ certificateFile: String,
        _ bytes: [UInt8],
        _ keyFile: String,
        _ now: Int
    ) throws(EtcdError) -> NIOSSLPrivateKey {
        // NIOSSL does not say which of these it is.
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw EtcdError(
                .unusableFile,
                "key_file: \(keyFile) holds no private key in PEM, one with a passphrase, or one of a "
                    + "kind that is not supported: it must be of \(TLSClientConfiguration.keys)"
                    + kind(of: chain.certificates.first)
            )
        }
        var together = TLSConfiguration.makeClientConfiguration()
        together.trustRoots = .certificates([])
        together.certificateChain = chain.certificates.map { .certificate($0) }
        together.privateKey = .privateKey(key)
        do {
            _ = try NIOSSLContext(configuration: together)
        } catch {
            throw EtcdError(
                .unusableFile,
                "key_file: \(keyFile) is not the key of the first certificate in \(certificateFile)",
                cause: error
            )
        }
        if let own = chain.certificates.first.map(CertificateValidity.init), own.ends <= now {
            throw EtcdError(
                .unusableFile,
                "cert_file: the certificate in \(certificateFile) expired on "
                    + "\(CertificateValidity.date(own.ends)); renew it"
            )
        }
        return key
    }

    /// Its key is not read; that of the certificate beside it is of the same kind.
    private static func kind(of certificate: NIOSSLCertificate?) -> String {
        certificate.flatMap(CertificateFacts.init).map {
            "; cert_file is for one of \($0.key.algorithm)"
        }
            ?? ""
    }
}
