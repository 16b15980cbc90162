import Registry

/// Decides when the files of TLS are looked at again, and what follows from what they hold.
///
/// It lives as long as one connection, which was made with what they held then.
struct TLSFilesMachine: Sendable {
    enum OnLook: Equatable, Sendable {
        /// Nothing is new.
        case keep
        /// Tell people, and keep the connection.
        case say(String)
        /// Make a new connection, with the new files.
        case moveOn(because: String)
    }

    private let inUse: Int
    private let validity: CertificateValidity?
    private let interval: Duration
    private var said: String?
    private var generator: SeededGenerator

    /// - Parameters:
    ///   - inUse: The fingerprint of the files that the connection was made with.
    ///   - validity: That of our own certificate, if we showed one.
    ///   - interval: How often to look.
    init(
        inUse: Int,
        validity: CertificateValidity?,
        interval: Duration,
        generator: SeededGenerator
    ) {
        self.inUse = inUse
        self.validity = validity
        self.interval = interval
        self.generator = generator
    }

    /// How long to wait before the next look: the interval with a quarter of jitter, so that a fleet
    /// whose files change at once does not reconnect at once; less for a certificate that ends before.
    mutating func nextLook(now: Int) -> Duration {
        let usual = interval * Double.random(in: 0.75...1.25, using: &generator)
        guard let validity, validity.ends > now else { return usual }
        return min(usual, max(.seconds(1), .seconds(validity.ends - now) / 3))
    }

    /// The files were read and can be used.
    mutating func filesRead(fingerprint: Int, now: Int) -> OnLook {
        if fingerprint != inUse { return .moveOn(because: "the files of its TLS have changed") }
        guard let validity, endsSoon(validity, now) else {
            said = nil
            return .keep
        }
        return say(
            "cert_file: our certificate ends on \(CertificateValidity.date(validity.ends)); renew it, "
                + "a new one is used without a restart"
        )
    }

    /// The files cannot be read, or not be used together: as when only one of a pair was replaced yet.
    mutating func filesUnusable(_ sentence: String) -> OnLook {
        say("\(sentence) (the connection goes on with what was read before)")
    }

    private mutating func say(_ sentence: String) -> OnLook {
        guard said != sentence else { return .keep }
        said = sentence
        return .say(sentence)
    }

    /// Within the last tenth of its life, and within a week.
    private func endsSoon(_ validity: CertificateValidity, _ now: Int) -> Bool {
        let left = validity.ends - now
        return left < min(7 * 24 * 3600, (validity.ends - validity.begins) / 10)
    }
}
