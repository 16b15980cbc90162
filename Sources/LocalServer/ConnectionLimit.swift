import Glibc
import NIOCore
import Synchronization

/// Decides which connections a server keeps, by what each is for and whose it is.
///
/// Each purpose has places of its own, so whoever waits for a day takes none of those who change something. One user
/// has at most half of a purpose's places, and all users beside root three quarters: whoever takes all that it can
/// get locks out nobody but itself. Where the kernel names no user, as on TCP, all are one without such a share.
struct ConnectionLimit: Sendable {
    /// What a connection is for.
    enum Purpose: Hashable, CaseIterable, Sendable {
        /// To send its request, for seconds.
        case asking
        /// To read a page or a report, for seconds.
        case reading
        /// To wait for something, for a day at most.
        case waiting
        /// To change something, for half a minute at most.
        case change

        /// Whether one that comes closes the oldest when there is no place. What waits or changes something is never
        /// cut off for another: one that comes is refused.
        var closesOldest: Bool { self == .asking || self == .reading }
    }

    /// Whether a connection is kept.
    enum Admission: Equatable {
        case admitted
        /// It is, and the one of that number is to be closed for it.
        case admittedInsteadOf(Int)
        case refused
    }

    /// How many places each purpose has.
    private let places: LocalHTTPServer.Limits.Places
    /// The connections of each purpose, the oldest first.
    private var connections: [Purpose: [(number: Int, user: uid_t)]] = [:]

    init(_ places: LocalHTTPServer.Limits.Places) {
        self.places = places
    }

    /// Gives a connection a place for a purpose, in exchange for the one that it has.
    ///
    /// - Parameters:
    ///   - user: Whose it is; 0, root, also where nobody is named.
    /// - Returns: `.refused` also for one that was closed for another meanwhile. One that is refused has no place.
    mutating func acquire(_ purpose: Purpose, for number: Int, of user: uid_t) -> Admission {
        if purpose != .asking {
            guard connections[.asking]?.contains(where: { $0.number == number }) ?? false else {
                return .refused
            }
            release(number)
        }
        let present = connections[purpose] ?? []
        guard let full = fullShare(of: user, in: present, purpose) else {
            connections[purpose, default: []].append((number, user))
            return .admitted
        }
        guard purpose.closesOldest, let index = present.firstIndex(where: full) else {
            return .refused
        }
        let oldest = present[index].number
        connections[purpose]?.remove(at: index)
        connections[purpose]?.append((number, user))
        return .admittedInsteadOf(oldest)
    }

    /// Takes the place of a connection back; does nothing for one that has none.
    mutating func release(_ number: Int) {
        for purpose in Purpose.allCases {
            connections[purpose]?.removeAll { $0.number == number }
        }
    }

    /// Those of whom one has to go before that user gets a place; `nil` while there is one.
    private func fullShare(
        of user: uid_t,
        in present: [(number: Int, user: uid_t)],
        _ purpose: Purpose
    ) -> (((number: Int, user: uid_t)) -> Bool)? {
        let all = places[purpose]
        if user == 0 {
            guard present.count >= all else { return nil }
            // Others have three quarters at most, so some of these are root's own.
            return { $0.user == 0 }
        }
        if present.count(where: { $0.user == user }) >= places.ofOneUser(purpose) {
            return { $0.user == user }
        }
        guard
            present.count >= all
                || present.count(where: { $0.user != 0 }) >= places.ofOthers(purpose)
        else { return nil }
        // Of the others the one that has most gives one up; root never does.
        let counts = Dictionary(grouping: present.filter { $0.user != 0 }, by: \.user)
        let greediest = counts.max { $0.value.count < $1.value.count }?.key
        return { $0.user == greediest }
    }
}

extension LocalHTTPServer.Limits.Places {
    subscript(purpose: ConnectionLimit.Purpose) -> Int {
        switch purpose {
        case .asking: max(asking, 1)
        case .reading: max(reading, 1)
        case .waiting: max(waiting, 1)
        case .change: max(change, 1)
        }
    }

    /// How many of them users have that are not root.
    func ofOthers(_ purpose: ConnectionLimit.Purpose) -> Int { max(self[purpose] / 4 * 3, 1) }

    /// How many of them one such user has at most.
    func ofOneUser(_ purpose: ConnectionLimit.Purpose) -> Int { max(self[purpose] / 2, 1) }
}

/// The open connections, each by a number.
final class OpenConnections: Sendable {
    private struct State {
        var limit: ConnectionLimit
        var channels: [Int: (channel: any Channel, user: uid_t)] = [:]
        var last = 0
    }

    private let state: Mutex<State>

    init(_ places: LocalHTTPServer.Limits.Places) {
        state = Mutex(State(limit: ConnectionLimit(places)))
    }

    /// Gives a connection its number, and a place to ask. One that goes for it is closed.
    ///
    /// - Returns: `nil` when there is no place for it.
    func opened(_ channel: any Channel, of user: uid_t) -> Int? {
        let number = state.withLock { state in
            state.last += 1
            state.channels[state.last] = (channel, user)
            return state.last
        }
        if acquire(.asking, for: number) { return number }
        closed(number)
        return nil
    }

    /// Gives a connection a place for a purpose. One that goes for it is closed.
    ///
    /// - Returns: Whether there is one.
    func acquire(_ purpose: ConnectionLimit.Purpose, for number: Int) -> Bool {
        let (isAdmitted, oldest) = state.withLock { state -> (Bool, (any Channel)?) in
            guard let user = state.channels[number]?.user else { return (false, nil) }
            switch state.limit.acquire(purpose, for: number, of: user) {
            case .admitted: return (true, nil)
            case .admittedInsteadOf(let oldest): return (true, state.channels[oldest]?.channel)
            case .refused: return (false, nil)
            }
        }
        oldest?.close(promise: nil)
        return isAdmitted
    }

    func closed(_ number: Int) {
        state.withLock { state in
            state.limit.release(number)
            state.channels[number] = nil
        }
    }
}
