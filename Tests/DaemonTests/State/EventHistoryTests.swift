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
        let found = history.snapshot(.service(web.service, nil, isOwn: false))
        #expect(found.map(\.note.kind) == ["registered", "lost", "healthy"])
        #expect(found.map(\.note.detail) == ["lease 0000000000000007", "deleted", ""])
        #expect(found.map(\.note.revision) == [5, nil, nil])
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
        let found = history.snapshot(.service(web.service, nil, isOwn: false))
        #expect(found.count == 8 && found.last?.time == now + 999)
        #expect(history.snapshot(.service(db.service, nil, isOwn: false)).count == 1)
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
        #expect(found.map(\.note.kind) == ["written", "altered", "written"])
        #expect(found.first?.note.revision == 100)
    }

    @Test func `a flood of events takes no more than a mebibyte, and the newest are kept`()
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
        #expect(most <= 1 << 20)
        let found = history.snapshot()
        #expect(found.count > 1000 && found.last?.time == now + 49_999)
        #expect(found.map(\.number) == found.map(\.number).sorted())
        #expect(found.allSatisfy { $0.note.detail.utf8.count <= EventHistory.longestDetail + 3 })
        // As it is counted, so it is.
        let counted = found.reduce(0) {
            $0 + $1.note.detail.utf8.count + MemoryLayout.size(ofValue: $1)
        }
        #expect(counted <= history.bytes)
    }

    @Test func `a fleet that changes all the time pushes out nothing of this host`() throws {
        let history = EventHistory()
        let web = try key("web")
        history.record(.registration(.registered(web, lease: lease, at: 5)), at: now)
        for number in 1...20_000 {
            let other = try key("s\(number % 5000)")
            let revision = Revision(rawValue: Int64(number))
            let change = EndpointChange(other, .dropped, at: revision)
            history.record(.endpoints([change]), at: now + Double(number))
        }
        #expect(history.bytes <= 2 << 20 && history.last == 20_001)
        let found = history.snapshot(.service(web.service, nil, isOwn: true))
        #expect(found.map(\.note.kind) == ["registered"])
        #expect(history.newest(3).map(\.number) == [19_999, 20_000, 20_001])
    }

    @Test func `each cause of a change is told in its own words`() throws {
        let list = try TableUpdate.of(try key("web"), revision: 3)
        let old = try #require(list.table[try key("web")])
        var instance = old.instance
        instance.weight = 0
        instance.zone = "b"
        let new = Endpoint(
            instance: instance,
            state: .draining,
            createRevision: 1,
            modRevision: 4,
            version: 2,
            lease: lease
        )
        let kinds: [EndpointChange.Kind] = [
            .appeared(old), .changed(from: old, to: new), .changed(from: old, to: old),
            .left(old), .vanished(old), .held(old), .dropped, .invalid(.unreadable), .expired,
        ]
        let notes = kinds.map { EventNote(EndpointChange(old.instance.key, $0, at: 4)) }
        #expect(
            notes.map(\.kind) == [
                "appeared", "draining", "changed", "left", "vanished", "held", "dropped",
                "invalid", "expired",
            ]
        )
        #expect(
            notes.prefix(3).map(\.detail) == [
                "10.0.0.5:80, weight 100", "weight 100 to 0, zone none to b", "written again",
            ]
        )
        #expect(notes[4].detail == "lease 0000000000000007 ended, or its key was deleted")
    }

    @Test func `what an instance is explained with includes its lease and drains, if it is ours`()
        throws
    {
        let history = EventHistory()
        let (web, db) = (try key("web"), try key("db"))
        history.record(.registration(.leaseLost(lease)), at: now)
        history.record(.drain(.began(.host, for: nil)), at: now)
        history.record(.drain(.began(.service(db.service), for: nil)), at: now)
        history.record(.endpoints([EndpointChange(web, .dropped, at: 4)]), at: now)
        let ours = history.snapshot(.service(web.service, web.instance, isOwn: true))
        #expect(ours.map(\.note.kind) == ["lost", "began", "dropped"])
        let theirs = history.snapshot(.service(web.service, web.instance, isOwn: false))
        #expect(theirs.map(\.note.kind) == ["dropped"])
    }

    private func key(_ service: String) throws -> ServiceKey {
        try ServiceKey("\(service)/\(service)-1")
    }
}
