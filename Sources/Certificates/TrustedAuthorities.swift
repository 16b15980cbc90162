package import NIOSSL

/// The authorities that a file names, divided by whether they are valid.
///
/// BoringSSL takes the first one whose name fits and asks no other, so one that has expired, or is not valid
/// yet, hides its renewed twin of the same name and key. OpenSSL and Go look on. An authority that is not
/// valid serves for nothing, so it is left out before BoringSSL sees it.
package struct TrustedAuthorities: Sendable {
    /// One of them.
    package struct Authority: Sendable {
        /// For NIOSSL.
        package let certificate: NIOSSLCertificate
        /// When it is valid.
        package let validity: CertificateValidity

        init(_ certificate: NIOSSLCertificate) {
            self.certificate = certificate
            validity = CertificateValidity(certificate)
        }

        /// Reads the rest of it; `nil` for one that is not as it should be.
        package var facts: CertificateFacts? { CertificateFacts(certificate) }
    }

    /// Those that are valid.
    package let valid: [Authority]
    /// Those that are not, expired ones and such as begin later.
    package let leftOut: [Authority]
    /// Which of them are valid, by their places in the file: tells a later look what has changed.
    package let places: [Int]
    /// When the next one begins or ends; `nil` when none ever does.
    package let changesAt: Int?
    private let now: Int

    /// Divides them.
    ///
    /// - Parameter now: In seconds since 1970.
    package init(_ certificates: [NIOSSLCertificate], now: Int) {
        let all = certificates.map(Authority.init)
        valid = all.filter { $0.validity.holds(at: now) }
        leftOut = all.filter { !$0.validity.holds(at: now) }
        places = all.indices.filter { all[$0].validity.holds(at: now) }
        changesAt = all.flatMap { [$0.validity.begins, $0.validity.ends] }.filter { $0 > now }.min()
        self.now = now
    }

    /// Names those that are left out, with why: `"etcd CA" (expired on 2026-11-01 00:00 UTC)`. `nil` when
    /// there are none.
    package var leftOutWords: String? {
        guard !leftOut.isEmpty else { return nil }
        let named = leftOut.prefix(Self.mostNamed).map { "\(name(of: $0)) (\(why($0)))" }
        let more = leftOut.count - named.count
        return (named + (more > 0 ? ["\(more) more"] : [])).joined(separator: ", ")
    }

    /// `"etcd CA"`.
    package func name(of authority: Authority) -> String {
        authority.facts.map { "\"\($0.subject)\"" } ?? "one that cannot be read"
    }

    /// `expired on 2026-11-01 00:00 UTC`.
    package func why(_ authority: Authority) -> String {
        authority.validity.begins > now
            ? "not valid before \(CertificateValidity.date(authority.validity.begins))"
            : "expired on \(CertificateValidity.date(authority.validity.ends))"
    }

    /// The system's bundle may hold many that expired.
    private static let mostNamed = 4
}
