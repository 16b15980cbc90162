import GRPCNIOTransportHTTP2Posix
import NIOSSL
import Registry

/// What the files of ``EtcdClient/TLS`` held when they were read: enough for one connection.
struct TLSMaterial: Sendable {
    /// For gRPC.
    let security: GRPCTransport.TransportSecurity
    /// Changes whenever the content of a file does.
    let fingerprint: Int
    /// When our own certificate is valid; `nil` when we have none.
    let validity: CertificateValidity?

    /// Reads the files.
    ///
    /// - Parameter now: In seconds since 1970.
    /// - Throws: ``EtcdError`` `unusableFile` when one cannot be read or does not hold what it should,
    ///   when certificate and key are no pair, or when our certificate has expired.
    init(reading tls: EtcdClient.TLS, now: Int) throws(EtcdError) {
        let authorities = try tls.caFile.map { path throws(EtcdError) in
            try Self.certificates(path, as: "ca_file")
        }
        let pair = try Self.pair(of: tls, now: now)

        var hasher = Hasher()
        hasher.combine(authorities?.bytes)
        hasher.combine(pair?.chain.bytes)
        hasher.combine(pair?.key)
        fingerprint = hasher.finalize()
        validity = pair?.chain.certificates.first.map(CertificateValidity.init)

        var options = GRPCTransport.TransportSecurity.TLS.defaults
        if let authorities {
            options.trustRoots = .certificates([.bytes(authorities.bytes, format: .pem)])
        }
        if let pair {
            options.certificateChain = [.bytes(pair.chain.bytes, format: .pem)]
            options.privateKey = .bytes(pair.key, format: .pem)
        }
        security = .tls(options)
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

    private typealias Certificates = (bytes: [UInt8], certificates: [NIOSSLCertificate])
    /// No bundle of authorities comes near it.
    private static let fileLimit = 4 * 1024 * 1024

    private static func certificates(
        _ path: String,
        as setting: String
    ) throws(EtcdError) -> Certificates {
        let bytes = try SmallFile.read(path, limit: fileLimit, as: setting)
        guard let read = try? NIOSSLCertificate.fromPEMBytes(bytes), !read.isEmpty else {
            throw EtcdError(
                .unusableFile,
                "\(setting): \(path) holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
            )
        }
        return (bytes, read)
    }

    private static func pair(
        of tls: EtcdClient.TLS,
        now: Int
    ) throws(EtcdError) -> (chain: Certificates, key: [UInt8])? {
        switch (tls.certificateFile, tls.keyFile) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            let chain = try certificates(certificate, as: "cert_file")
            let bytes = try SmallFile.read(key, limit: fileLimit, as: "key_file")
            try check(chain, certificate, bytes, key, now)
            return (chain, bytes)
        default:
            throw EtcdError(
                .unusableFile,
                "cert_file and key_file: one does not do without the other"
            )
        }
    }

    private static func check(
        _ chain: Certificates,
        _ certificateFile: String,
        _ bytes: [UInt8],
        _ keyFile: String,
        _ now: Int
    ) throws(EtcdError) {
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw EtcdError(
                .unusableFile,
                "key_file: \(keyFile) holds no private key in PEM, or one with a passphrase"
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
    }
}
