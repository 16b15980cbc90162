import Certificates
import GRPCTransport
import NIOSSL

/// Explains TLS failures; part of the one place where errors become an ``EtcdError``.
extension EtcdError {
    static func reason(_ mismatch: ProtocolMismatch) -> String {
        switch mismatch {
        case .speaksTLS: "the port expects TLS: write https://"
        case .speaksNoTLS: "the port does not use TLS: write http://"
        case .hungUp(onTLS: false):
            "the server closed the connection without an answer; if the port expects TLS, write https://"
        case .hungUp(onTLS: true):
            "the server closed the connection without an answer; if the port does not use TLS, write http://"
        }
    }

    static func reason(_ failure: TLSFailure) -> String {
        if let error = failure.error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return notFor(failure)
        }
        switch failure.error {
        case NIOSSLError.unableToValidateCertificate: return notFor(failure)
        case NIOSSLError.handshakeFailed(let error): return reason(error, failure)
        case NIOSSLError.uncleanShutdown: return "the server closed the connection"
        case let error as BoringSSLError: return reason(error, failure)
        default: return "TLS failed: \(failure.error)"
        }
    }

    private static func notFor(_ failure: TLSFailure) -> String {
        "the server's certificate is not for \(failure.expectedName); set server_name to a name that "
            + "it is for, or give the server a certificate for this one"
    }

    private static func reason(_ error: BoringSSLError, _ failure: TLSFailure) -> String {
        let stack: NIOBoringSSLErrorStack =
            switch error {
            case .sslError(let stack), .unknownError(let stack), .invalidSNIName(let stack): stack
            default: []
            }
        let words = stack.map(word).joined(separator: ", ")
        if words.contains("CERTIFICATE_VERIFY_FAILED") {
            return unverified(failure, now: CertificateValidity.now)
        }
        if words.contains("WRONG_VERSION_NUMBER") { return reason(ProtocolMismatch.speaksNoTLS) }
        if words.contains("EOF during handshake") {
            return reason(ProtocolMismatch.hungUp(onTLS: true))
        }
        if words.contains("UNSUPPORTED_PROTOCOL") || words.contains("ALERT_PROTOCOL_VERSION") {
            return "the server does not support TLS 1.2 or newer"
        }
        if words.contains("ALERT_HANDSHAKE_FAILURE") {
            return
                "the server found no TLS parameters in common: its key may be of a type that is not supported; "
                + "give it one of \(TLSClientConfiguration.keys)"
        }
        if words.contains("NO_COMMON_SIGNATURE_ALGORITHMS") {
            return
                "the server accepts no signature algorithm of our key; give cert_file and key_file a key of "
                + "another type, such as P-256"
        }
        return words.contains("ALERT") ? refusal(words, failure) : "TLS failed: \(words)"
    }

    /// `SSLV3_ALERT_BAD_CERTIFICATE` out of a line that names the library and the place in its source
    /// too.
    private static func word(_ error: BoringSSLInternalError) -> String {
        let line = error.description
        guard let mark = line.firstRange(of: "OPENSSL_internal:") else { return line }
        return String(line[mark.upperBound...].prefix { $0 != " " })
    }

    /// The server ended it with an alert (RFC 8446 §6).
    private static func refusal(_ words: String, _ failure: TLSFailure) -> String {
        let isAboutCertificate = [
            "CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "DECRYPT_ERROR",
        ].contains { words.contains($0) }
        guard isAboutCertificate else { return "the server ended the handshake: \(words)" }
        guard failure.hasOwnCertificate else {
            return "the server requires a client certificate: set cert_file and key_file"
        }
        return
            "the server rejected our certificate: cert_file must be signed by the authority that the "
            + "server trusts (its --trusted-ca-file), be valid now and allow client authentication"
    }
}

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
