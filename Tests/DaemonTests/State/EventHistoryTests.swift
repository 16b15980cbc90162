import EndpointFiles
import FoundationEssentials
import HealthChecks
import Registry
import TestKit
import Testing

@testable import Daemon

@Suite struct EventHistoryTests {
    private let now = Date(timeIntervalSince1970: 1_000_000)
    private let lease = LeaseID(rawValue: 7)

    @Test func `what happened to a service is found in order`() throws {
        let history = EventHistory()
        let (web, db) = (try key("web"), try key("db"))
        history.record(.registration(.registered(web, lease: lease, at: 5)), at: now)
        history.record(.registration(.registered(db, lease: lease, at: 6)), at: now)
        history.record(.registration(.lost(web, .deleted)), at: now + 1)
        history.record(.health(.up(web)), at: now + 2)
        let found = history.snapshot(of: web.service)
        #expect(found.map(\.kind) == ["registered", "lost", "healthy"])
        #expect(found.map(\.detail) == ["lease 0000000000000007, revision 5", "deleted", ""])
        #expect(found.map(\.time) == [now, now + 1, now + 2])
        #expect(history.snapshot().count == 4)
        let last = try #require(history.snapshot().last)
        #expect(history.snapshot(after: last.number - 1) == [last])
    }

    @Test func `a service in trouble pushes out nobody else's events`() throws {
        let history = EventHistory(perSubject: 8)
        let (web, db) = (try key("web"), try key("db"))
        history.record(.registration(.registered(db, lease: lease, at: 6)), at: now)
        for number in 0..<1000 {
            history.record(.registration(.lost(web, .deleted)), at: now + Double(number))
        }
        let found = history.snapshot(of: web.service)
        #expect(found.count == 8 && found.last?.time == now + 999)
        #expect(history.snapshot(of: db.service).count == 1)
    }

    @Test func `writes of a file are one event until something else happens to it`() {
        let history = EventHistory()
        for revision in 1...100 {
            let revision = Revision(rawValue: Int64(revision))
            history.record(.publish(.written(path: "/a", revision: revision, bytes: 1)), at: now)
        }
        history.record(.publish(.altered(path: "/a")), at: now)
        history.record(.publish(.written(path: "/a", revision: 101, bytes: 1)), at: now)
        let found = history.snapshot()
        #expect(found.map(\.kind) == ["written", "altered", "written"])
        #expect(found.first?.detail == "revision 100, 1 bytes")
    }

    @Test func `a flood of events takes no more than two mebibytes, and the newest are kept`()
        throws
    {
        let history = EventHistory()
        let reasons = ["short", String(repeating: "ü", count: 1000)]
        var most = 0
        for number in 0..<50_000 {
            let error = StoreError(.refused, "\(number) \(reasons[number % 2])")
            let key = try key("s\(number % 5000)")
            let event = DaemonEvent.registration(.claimFailed(key, error, retryIn: .zero))
            history.record(event, at: now + Double(number))
            most = max(most, history.bytes)
        }
        #expect(most <= 2 << 20)
        let found = history.snapshot()
        #expect(found.count > 1000 && found.last?.time == now + 49_999)
        #expect(found.map(\.number) == found.map(\.number).sorted())
        #expect(found.allSatisfy { $0.detail.utf8.count <= EventHistory.longestDetail + 3 })
        // As it is counted, so it is.
        let counted = found.reduce(0) { $0 + $1.detail.utf8.count + MemoryLayout.size(ofValue: $1) }
        #expect(counted <= history.bytes)
    }

    private func key(_ service: String) throws -> ServiceKey {
        try ServiceKey("\(service)/\(service)-1")
    }
}
