import Glibc
import Testing

@testable import LocalServer

@Suite struct ConnectionLimitTests {
    private typealias Purpose = ConnectionLimit.Purpose

    /// Those that are never closed for another.
    static let refusing: [ConnectionLimit.Purpose] = [.waiting, .change]

    @Test func `while there is room nobody is closed`() {
        var limit = ConnectionLimit(places(3))
        for number in 1...3 { #expect(limit.acquire(.asking, for: number, of: 0) == .admitted) }
        limit.release(2)
        #expect(limit.acquire(.asking, for: 4, of: 0) == .admitted)
    }

    @Test func `the oldest that has not asked is closed for the newest`() {
        var limit = ConnectionLimit(places(3))
        for number in 1...3 { _ = limit.acquire(.asking, for: number, of: 0) }
        limit.release(1)
        #expect(limit.acquire(.asking, for: 4, of: 0) == .admitted)
        #expect(limit.acquire(.asking, for: 5, of: 0) == .admittedInsteadOf(2))
        #expect(limit.acquire(.asking, for: 6, of: 0) == .admittedInsteadOf(3))
        // It was closed already.
        limit.release(3)
        #expect(limit.acquire(.reading, for: 3, of: 0) == .refused)
        #expect(limit.acquire(.asking, for: 7, of: 0) == .admittedInsteadOf(4))
    }

    @Test func `those that do not ask take no place of those that have`() {
        var limit = ConnectionLimit(places(2))
        _ = limit.acquire(.asking, for: 1, of: 0)
        #expect(limit.acquire(.reading, for: 1, of: 0) == .admitted)
        for number in 2...100 {
            #expect(limit.acquire(.asking, for: number, of: 0) != .admittedInsteadOf(1))
        }
        #expect(limit.acquire(.reading, for: 100, of: 0) == .admitted)
        #expect(limit.acquire(.reading, for: 99, of: 0) == .admittedInsteadOf(1))
        limit.release(100)
        #expect(limit.acquire(.asking, for: 101, of: 0) == .admitted)
        #expect(limit.acquire(.reading, for: 101, of: 0) == .admitted)
    }

    @Test(arguments: refusing)
    func `what waits or changes something is never closed for another`(
        purpose: ConnectionLimit.Purpose
    ) {
        var limit = ConnectionLimit(places(4))
        var next = 0
        #expect(fill(&limit, purpose, of: 0, &next) == 4)
        limit.release(2)
        #expect(fill(&limit, purpose, of: 0, &next) == 1)
        // One that was refused has kept no place to ask.
        for _ in 0..<4 {
            next += 1
            #expect(limit.acquire(.asking, for: next, of: 0) == .admitted)
        }
    }

    @Test(arguments: refusing)
    func `all others together leave places for root`(purpose: ConnectionLimit.Purpose) {
        var limit = ConnectionLimit(.init())
        var next = 0
        for user in uid_t(1)...100 { _ = fill(&limit, purpose, of: user, &next) }
        let all = LocalHTTPServer.Limits.Places()[purpose]
        #expect(fill(&limit, purpose, of: 0, &next) == all / 4)
    }

    @Test(arguments: refusing)
    func `one user leaves places for the others`(purpose: ConnectionLimit.Purpose) {
        var limit = ConnectionLimit(.init())
        var next = 0
        let all = LocalHTTPServer.Limits.Places()[purpose]
        #expect(fill(&limit, purpose, of: 1000, &next) == all / 2)
        #expect(fill(&limit, purpose, of: 1001, &next) == all / 4)
        limit.release(1)
        // Whom the kernel does not name is a user as well.
        #expect(fill(&limit, purpose, of: .max, &next) == 1)
    }

    @Test func `what one purpose takes is not taken from another`() {
        var limit = ConnectionLimit(.init())
        var next = 0
        for user in uid_t(0)...9 { _ = fill(&limit, .waiting, of: user, &next) }
        #expect(fill(&limit, .waiting, of: 0, &next) == 0)
        #expect(fill(&limit, .change, of: 1000, &next) > 0)
        #expect(fill(&limit, .change, of: 0, &next) > 0)
        next += 1
        #expect(limit.acquire(.asking, for: next, of: 0) == .admitted)
        #expect(limit.acquire(.reading, for: next, of: 0) == .admitted)
    }

    @Test func `a user with more than its share closes its own`() {
        var limit = ConnectionLimit(places(8))
        for number in 1...4 { #expect(limit.acquire(.asking, for: number, of: 7) == .admitted) }
        #expect(limit.acquire(.asking, for: 5, of: 7) == .admittedInsteadOf(1))
        #expect(limit.acquire(.asking, for: 6, of: 8) == .admitted)
        #expect(limit.acquire(.asking, for: 7, of: 0) == .admitted)
        #expect(limit.acquire(.asking, for: 8, of: 9) == .admitted)
        // Three quarters are full: of those the one that has most gives one up.
        #expect(limit.acquire(.asking, for: 9, of: 9) == .admittedInsteadOf(2))
    }

    @Test func `nobody closes a connection of root's but root`() {
        var limit = ConnectionLimit(places(4))
        for number in 1...4 { #expect(limit.acquire(.asking, for: number, of: 0) == .admitted) }
        #expect(limit.acquire(.asking, for: 5, of: 7) == .refused)
        #expect(limit.acquire(.asking, for: 6, of: 0) == .admittedInsteadOf(1))
    }

    @Test func `there is always one place`() {
        var limit = ConnectionLimit(places(0))
        #expect(limit.acquire(.asking, for: 1, of: 0) == .admitted)
        #expect(limit.acquire(.asking, for: 2, of: 0) == .admittedInsteadOf(1))
    }

    private func places(_ count: Int) -> LocalHTTPServer.Limits.Places {
        var places = LocalHTTPServer.Limits.Places()
        places.asking = count
        places.reading = count
        places.waiting = count
        places.change = count
        return places
    }

    /// How many connections of a user get a place.
    private func fill(
        _ limit: inout ConnectionLimit,
        _ purpose: Purpose,
        of user: uid_t,
        _ number: inout Int
    ) -> Int {
        var count = 0
        while true {
            number += 1
            _ = limit.acquire(.asking, for: number, of: user)
            guard limit.acquire(purpose, for: number, of: user) == .admitted else { return count }
            count += 1
        }
    }
}
