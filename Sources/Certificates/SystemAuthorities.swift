import Glibc
package import NIOSSL

/// The authorities that the system trusts, as NIOSSL finds them: one file with all of them, and on some
/// systems a directory with one in each.
package struct SystemAuthorities: Sendable {
    /// Where there is a file, the first that is there.
    package var files = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    /// The directory of OpenSSL's hashed names.
    package var directory = "/etc/ssl/certs"

    /// The system's usual places.
    package init() {}

    /// Has a client trust them, those left out that are not valid: see ``TrustedAuthorities``.
    ///
    /// - Parameter now: In seconds since 1970.
    package func trust(in configuration: inout TLSConfiguration, now: Int) {
        configuration.trustRoots = .default
        guard let file = files.first(where: { access($0, R_OK) == 0 }),
            // What cannot be read is NIOSSL's to refuse.
            let all = try? NIOSSLCertificate.fromPEMFile(file)
        else { return }
        let authorities = TrustedAuthorities(all, now: now)
        guard !authorities.leftOut.isEmpty, !authorities.valid.isEmpty else { return }
        let valid = authorities.valid.map(\.certificate)
        // What is in the directory alone is asked for when no name in the file fits.
        if access(directory, X_OK) == 0 {
            configuration.trustRoots = .file(directory)
            configuration.additionalTrustRoots = [.certificates(valid)]
        } else {
            configuration.trustRoots = .certificates(valid)
        }
    }
}
