import Certificates
import Machines

/// Decides when the files of TLS are looked at again, and what follows from what they hold.
///
/// It lives as long as one connection, which was made with what they held then.
///
/// Certificates know the host's clock only, in seconds since 1970: `wall`. All waits are on the timeline.
struct TLSFilesMachine: StateMachine {
    enum Action: Equatable, Sendable {
        /// Read the files; then tell ``filesRead(_:wall:at:)`` or ``filesUnusable(_:wall:at:)``.
        case read
        /// See whether a connection with the new files serves, and only then move on to one, which ends this
        /// machine's. Otherwise tell ``filesUnusable(_:wall:at:)``.
        case tryNew
        /// The files are the same, but an authority in them has ended or begun since: see whether a new
        /// connection would still serve, and keep this one. Then tell ``triedOut(wall:at:)`` or
        /// ``trialFailed(_:wall:at:)``.
        case tryOut
        /// Tell people, and keep the connection.
        case report(String)
    }

    enum State: Equatable, Sendable {
        /// Not started. Can go to `waiting`.
        case idle
        /// The files are looked at then. Can go to `reading`.
        case waiting(until: Duration)
        /// The files are being read. Can go to `waiting`, `trying`.
        case reading
        /// A new connection is being tried. Can go to `waiting`.
        case trying
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

    private(set) var state = State.idle
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
    private var lastReported: String?
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

    // MARK: events

    /// The connection serves.
    mutating func started(wall: Int, at now: Duration) -> [Action] {
        guard state == .idle else { return [] }
        return wait([], wall: wall, at: now)
    }

    /// The files were read and can be used.
    mutating func filesRead(_ files: Files, wall: Int, at now: Duration) -> [Action] {
        guard state == .reading else { return [] }
        if files.fingerprint != inUse {
            state = .trying
            return [.tryNew]
        }
        authoritiesChangeAt = files.authoritiesChangeAt
        if files.authorities != authorities {
            guard files.authorities != failedTrial || wall >= nextTrial else {
                return wait([], wall: wall, at: now)
            }
            underTrial = files.authorities
            state = .trying
            return [.tryOut]
        }
        return fine(wall: wall, at: now)
    }

    /// A new connection would serve with the authorities that are valid now.
    mutating func triedOut(wall: Int, at now: Duration) -> [Action] {
        guard state == .trying else { return [] }
        authorities = underTrial
        failedTrial = nil
        return fine(wall: wall, at: now)
    }

    /// No new connection would serve with the authorities that are valid now. The files are looked at as often as
    /// after any trouble, for somebody is mending them; but the whole fleet sees the same date pass, so a
    /// connection is tried again only after the usual interval, or with other files.
    mutating func trialFailed(_ sentence: String, wall: Int, at now: Duration) -> [Action] {
        guard state == .trying else { return [] }
        failedTrial = underTrial
        let pause = interval * Double.random(in: 0.75...1.25, using: &generator)
        nextTrial = wall + Int(pause.components.seconds)
        return inTrouble(sentence, wall: wall, at: now)
    }

    /// The files cannot be read, or not be used together, as when only one of a pair was replaced yet; or
    /// no connection could be made with them.
    mutating func filesUnusable(_ sentence: String, wall: Int, at now: Duration) -> [Action] {
        guard state == .reading || state == .trying else { return [] }
        return inTrouble(sentence, wall: wall, at: now)
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    var deadline: Duration? {
        if case .waiting(let until) = state { until } else { nil }
    }

    /// As ``StateMachine/timePassed(to:)`` says.
    mutating func timePassed(to now: Duration) -> [Action] {
        guard case .waiting(let until) = state, until <= now else { return [] }
        state = .reading
        return [.read]
    }

    // MARK: what follows

    private mutating func wait(_ actions: [Action], wall: Int, at now: Duration) -> [Action] {
        state = .waiting(until: now + nextLook(wall: wall))
        return actions
    }

    private mutating func fine(wall: Int, at now: Duration) -> [Action] {
        isInTrouble = false
        guard let validity, endsSoon(validity, wall) else {
            lastReported = nil
            return wait([], wall: wall, at: now)
        }
        let sentence =
            "cert_file: the client certificate expires on \(CertificateValidity.date(validity.ends)); renew it, "
            + "a new one is used without a restart"
        return wait(report(sentence), wall: wall, at: now)
    }

    private mutating func inTrouble(_ sentence: String, wall: Int, at now: Duration) -> [Action] {
        isInTrouble = true
        let actions = report("\(sentence) (the connection continues with the files read before)")
        return wait(actions, wall: wall, at: now)
    }

    private mutating func report(_ sentence: String) -> [Action] {
        guard lastReported != sentence else { return [] }
        lastReported = sentence
        return [.report(sentence)]
    }

    /// How long to wait before the next look: the interval with a quarter of jitter, so that a fleet
    /// whose files change at once does not reconnect at once; less for a certificate that ends before, for
    /// an authority that begins or ends before, and for files in which something is wrong: somebody is
    /// mending them.
    mutating func nextLook(wall: Int) -> Duration {
        var next =
            min(interval, isInTrouble ? .seconds(5) : interval)
            * Double.random(in: 0.75...1.25, using: &generator)
        if let change = authoritiesChangeAt, change >= wall {
            // Not the whole fleet in one second: each makes a connection to see what follows.
            let turn = interval / 6 * Double.random(in: 0..<1, using: &generator)
            next = min(next, max(.seconds(1), .seconds(change - wall) + turn))
        }
        guard let validity, validity.ends > wall else { return next }
        return min(next, max(.seconds(1), .seconds(validity.ends - wall) / 3))
    }

    /// Within the last tenth of its life, and within a week.
    private func endsSoon(_ validity: CertificateValidity, _ wall: Int) -> Bool {
        let left = validity.ends - wall
        return left < min(7 * 24 * 3600, (validity.ends - validity.begins) / 10)
    }
}
