/// What a test's etcd is started with beside the usual.
public struct EtcdOptions: Sendable {
    /// The address it listens at for clients; in brackets when it is IPv6.
    public var address = "127.0.0.1"
    /// Its certificate; without one it speaks no TLS.
    public var certificate: TestCertificate?
    /// Whether clients have to show a certificate of the same authority.
    public var asksForClientCertificate = false
    /// The certificate that etcdctl shows.
    public var clientCertificate: TestCertificate?
    /// More arguments.
    public var arguments: [String] = []

    /// Nothing but the usual, unless given.
    public init(
        certificate: TestCertificate? = nil,
        asksForClientCertificate: Bool = false,
        clientCertificate: TestCertificate? = nil,
        arguments: [String] = []
    ) {
        self.certificate = certificate
        self.asksForClientCertificate = asksForClientCertificate
        self.clientCertificate = clientCertificate
        self.arguments = arguments
    }

    var serverArguments: [String] {
        guard let certificate else { return arguments }
        var all = ["--cert-file=\(certificate.file)", "--key-file=\(certificate.keyFile)"]
        if asksForClientCertificate {
            all += ["--client-cert-auth", "--trusted-ca-file=\(certificate.authority)"]
        }
        return all + arguments
    }

    var clientArguments: [String] {
        guard let certificate else { return [] }
        let own = clientCertificate.map { ["--cert=\($0.file)", "--key=\($0.keyFile)"] } ?? []
        return ["--cacert=\(certificate.authority)"] + own
    }
}
