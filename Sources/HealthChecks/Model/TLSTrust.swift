/// The certificates that an `https` check trusts.
public struct TLSTrust: Hashable, Sendable {
    /// Whether the certificate and the name in it are verified. If not, anybody can answer.
    public var verifies: Bool
    /// A PEM file of the authorities to trust instead of the system's.
    public var authorities: String?
    /// The name to ask for and to find in the certificate, when it is not the URL's host.
    public var serverName: String?

    /// The defaults trust the system's authorities.
    public init(verifies: Bool = true, authorities: String? = nil, serverName: String? = nil) {
        self.verifies = verifies
        self.authorities = authorities
        self.serverName = serverName
    }
}
