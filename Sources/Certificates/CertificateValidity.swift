import Glibc
package import NIOSSL

/// The span in which a certificate is valid, in seconds since 1970.
package struct CertificateValidity: Hashable, Sendable {
    /// The first second at which it is valid.
    package let begins: Int
    /// The first second at which it is no longer.
    package let ends: Int

    /// Names both ends.
    package init(begins: Int, ends: Int) {
        self.begins = begins
        self.ends = ends
    }

    /// Reads both ends from a certificate.
    package init(_ certificate: NIOSSLCertificate) {
        self.init(begins: certificate.notValidBefore, ends: certificate.notValidAfter)
    }

    /// Whether it is neither too early nor too late.
    package func holds(at now: Int) -> Bool { begins <= now && now < ends }

    /// Now, by the host's clock, in seconds since 1970.
    package static var now: Int { time(nil) }

    /// `2026-11-25 09:30 UTC`.
    package static func date(_ instant: Int) -> String {
        var instant = instant
        var parts = tm()
        gmtime_r(&instant, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
    }
}
