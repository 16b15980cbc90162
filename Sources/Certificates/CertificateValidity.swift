import Glibc
package import NIOSSL

/// From when to when a certificate is valid, in seconds since 1970.
package struct CertificateValidity: Hashable, Sendable {
    /// When it begins to be.
    package let begins: Int
    /// When it is no longer.
    package let ends: Int

    /// Names both ends.
    package init(begins: Int, ends: Int) {
        self.begins = begins
        self.ends = ends
    }

    /// What a certificate says.
    package init(_ certificate: NIOSSLCertificate) {
        self.init(begins: certificate.notValidBefore, ends: certificate.notValidAfter)
    }

    /// Whether it is neither too early nor too late.
    package func holds(at now: Int) -> Bool { begins <= now && now < ends }

    /// What the host's clock says.
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
