import Glibc
import NIOSSL

/// From when to when a certificate is valid, in seconds since 1970.
struct CertificateValidity: Equatable, Sendable {
    let begins: Int
    let ends: Int

    init(begins: Int, ends: Int) {
        self.begins = begins
        self.ends = ends
    }

    init(_ certificate: NIOSSLCertificate) {
        self.init(begins: certificate.notValidBefore, ends: certificate.notValidAfter)
    }

    /// What the host's clock says.
    static var now: Int { time(nil) }

    /// `2026-11-25 09:30 UTC`.
    static func date(_ instant: Int) -> String {
        var instant = instant
        var parts = tm()
        gmtime_r(&instant, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)) UTC"
    }
}
