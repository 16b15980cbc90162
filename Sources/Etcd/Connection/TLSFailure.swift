/// An error of a connection that speaks TLS, with what is needed to say it well.
struct TLSFailure: Error {
    /// What NIOSSL threw.
    let error: any Error
    /// The name that the server's certificate has to be for.
    let expectedName: String
    /// When the server's certificate is valid, if it was shown.
    let server: CertificateValidity?
    /// Whether we showed a certificate.
    let hasOwnCertificate: Bool
}
