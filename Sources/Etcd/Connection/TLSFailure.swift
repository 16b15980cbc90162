import Certificates
import NIOSSL

/// An error of a connection that speaks TLS, with what is needed to say it well.
struct TLSFailure: Error {
    /// The error that NIOSSL threw.
    let error: any Error
    /// The name that the server's certificate has to be for.
    let expectedName: String
    /// The server's certificate, if it was shown.
    let server: NIOSSLCertificate?
    /// The authorities of `ca_file`; `nil` when the system's are trusted.
    let authorities: TrustedAuthorities?
    /// Whether we showed a certificate.
    let hasOwnCertificate: Bool
}
