package import NIOSSL

/// Lists the signatures and curves that a client offers to a server: all that OpenSSL offers by default and BoringSSL
/// has.
///
/// BoringSSL's own defaults are made for browsers, and leave out keys on P-521 and Ed25519, which private
/// authorities use. What it does not have at all are Ed448, RSA keys that are bound to PSS, and other curves.
package enum TLSClientConfiguration {
    /// How servers may sign, the least work first; SHA-1 last, which old servers with TLS 1.2 sign with.
    static let signatures: [SignatureAlgorithm] = [
        .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256,
        .ecdsaSecp384R1Sha384, .rsaPssRsaeSha384, .rsaPkcs1Sha384,
        .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512,
        .ed25519, .rsaPkcs1Sha1,
    ]

    /// How keys may be agreed on, the hybrid with ML-KEM first. With TLS 1.2 it is also said by this on
    /// which curves servers may have their keys (RFC 8422 §5.1).
    static let curves: [NIOTLSCurve] = [
        .x25519_MLKEM768, .x25519, .secp256r1, .secp384r1, .secp521r1,
    ]

    /// The kinds of keys that servers may have, and clients, in words.
    package static let keys = "RSA, P-256, P-384, P-521 or Ed25519"

    /// A client with TLS 1.2 or newer that verifies the server by the system's authorities.
    ///
    /// - Parameter protocols: What is spoken over it (RFC 7301), the best first.
    package static func client(_ protocols: [String]) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.verifySignatureAlgorithms = signatures
        configuration.curves = curves
        configuration.applicationProtocols = protocols
        return configuration
    }
}
