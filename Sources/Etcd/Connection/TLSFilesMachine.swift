import Certificates
import Machines

/// Decides when the files of TLS are looked at again, and what follows from what they hold.
///
/// It lives as long as one connection, which was made with what they held then.
struct TLSFilesMachine: Sendable {
    enum OnLook: Equatable, Sendable {
        /// Nothing is new.
        case keep
        /// Tell people, and keep the connection.
        case say(String)
        /// See whether a connection with the new files serves, and only then move on to one.
        case tryNew
        /// The files are the same, but an authority in them has ended or begun since: see whether a new
        /// connection would still serve, and keep this one. Then tell ``triedOut(now:)`` or
        /// ``trialFailed(_:now:)``.
        case tryOut
    }

    /// The contents of the files.
    struct Files: Equatable, Sendable {
        /// Changes whenever the content of a file does.
        var fingerprint: Int
        /// Which authorities are valid, by their places in the file.
        var authorities: [Int] = []
        /// When one of them begins or ends.
        var authoritiesChangeAt: Int?
    }

    private let inUse: Int
    private let validity: CertificateValidity?
    private let interval: Duration
    /// Which authorities a connection was last seen to serve with.
    private var authorities: [Int]
    private var authoritiesChangeAt: Int?
    private var underTrial: [Int] = []
    /// With which authorities no connection served when that was tried, and when it is tried again.
    private var failedTrial: [Int]?
    private var nextTrial = 0
    private var said: String?
    private var isInTrouble = false
    private var generator: SeededGenerator

    /// - Parameters:
    ///   - inUse: What the files held that the connection was made with.
    ///   - validity: That of our own certificate, if we showed one.
    ///   - interval: How often to look.
    init(
        inUse: Files,
        validity: CertificateValidity?,
        interval: Duration,
        generator: SeededGenerator
    ) {
        self.inUse = inUse.fingerprint
        authorities = inUse.authorities
        authoritiesChangeAt = inUse.authoritiesChangeAt
        self.validity = validity
        self.interval = interval
        self.generator = generator
    }

    /// How long to wait before the next look: the interval with a quarter of jitter, so that a fleet
    /// whose files change at once does not reconnect at once; less for a certificate that ends before, for
    /// an authority that begins or ends before, and for files in which something is wrong: somebody is
    /// mending them.
    mutating func nextLook(now: Int) -> Duration {
        var next =
            min(interval, isInTrouble ? .seconds(5) : interval)
            * Double.random(in: 0.75...1.25, using: &generator)
        if let change = authoritiesChangeAt, change >= now {
            // Not the whole fleet in one second: each makes a connection to see what follows.
            let turn = interval / 6 * Double.random(in: 0..<1, using: &generator)
            next = min(next, max(.seconds(1), .seconds(change - now) + turn))
        }
        guard let validity, validity.ends > now else { return next }
        return min(next, max(.seconds(1), .seconds(validity.ends - now) / 3))
    }

    /// The files were read and can be used.
    mutating func filesRead(_ files: Files, now: Int) -> OnLook {
        if files.fingerprint != inUse { return .tryNew }
        authoritiesChangeAt = files.authoritiesChangeAt
        if files.authorities != authorities {
            guard files.authorities != failedTrial || now >= nextTrial else { return .keep }
            underTrial = files.authorities
            return .tryOut
        }
        return fine(now: now)
    }

    /// A new connection would serve with the authorities that are valid now.
    mutating func triedOut(now: Int) -> OnLook {
        authorities = underTrial
        failedTrial = nil
        return fine(now: now)
    }

    /// No new connection would serve with the authorities that are valid now. The files are looked at as often as
    /// after any trouble, for somebody is mending them; but the whole fleet sees the same date pass, so a
    /// connection is tried again only after the usual interval, or with other files.
    mutating func trialFailed(_ sentence: String, now: Int) -> OnLook {
        isInTrouble = true
        failedTrial = underTrial
        let pause = interval * Double.random(in: 0.75...1.25, using: &generator)
        nextTrial = now + Int(pause.components.seconds)
        return say("\(sentence) (the connection continues with the files read before)")
    }

    private mutating func fine(now: Int) -> OnLook {
        isInTrouble = false
        guard let validity, endsSoon(validity, now) else {
            said = nil
            return .keep
        }
        return say(
            "cert_file: the client certificate expires on \(CertificateValidity.date(validity.ends)); renew it, "
                + "a new one is used without a restart"
        )
    }

    /// The files cannot be read, or not be used together, as when only one of a pair was replaced yet; or
    /// no connection could be made with them.
    mutating func filesUnusable(_ sentence: String) -> OnLook {
        isInTrouble = true
        return say("\(sentence) (the connection continues with the files read before)")
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
