import Certificates

extension EtcdClient {
    /// How `https` endpoints are spoken to: TLS 1.2 or newer, and the server's certificate and name
    /// are always verified.
    ///
    /// The files are PEM. They are read anew for each connection and looked at every half minute
    /// while one is in use: when they have changed and can be used, the client moves to a new
    /// connection; when they cannot, it says so and keeps the one it has.
    public struct TLS: Hashable, Sendable {
        /// The authorities that may have signed the server's certificate; those of the system when
        /// `nil`. One that is not valid is left out, so that it does not hide its renewed twin.
        public var caFile: String?
        /// Our certificate, and those between it and its authority; none is shown when `nil`.
        public var certificateFile: String?
        /// The certificate's private key, without a passphrase. Given with the certificate or not at
        /// all.
        public var keyFile: String?
        /// The host name that the server's certificate must be for; that of the endpoint when `nil`.
        /// For endpoints that are written as IP addresses and certificates that do not name those.
        public var serverName: String?

        /// The system's authorities, no certificate of ours and no other name, unless given.
        public init(
            caFile: String? = nil,
            certificateFile: String? = nil,
            keyFile: String? = nil,
            serverName: String? = nil
        ) {
            self.caFile = caFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.serverName = serverName
        }

        /// Reads the files as a new connection would.
        ///
        /// - Returns: What is doubtful in them, in a sentence each: authorities that are left out.
        /// - Throws: ``EtcdError`` `unusableFile` when one cannot be read or does not hold what it
        ///   should, when no authority is valid, when certificate and key are no pair, or when the
        ///   certificate has expired.
        @discardableResult
        public func check() throws(EtcdError) -> [String] {
            let material = try TLSMaterial(reading: self, now: CertificateValidity.now)
            return [material.leftOut].compactMap { $0 }
        }
    }
}
