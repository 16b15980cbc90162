import Configuration
import Etcd
import Files
import FoundationEssentials
import Programs
import Registry
import TestKit
import Testing

@testable import Daemon
@testable import EndpointFiles

/// The one description of the daemon for programs, and the file that holds it.
@Suite struct StatusReportTests {
    private let start = Date(timeIntervalSince1970: 1_000_000)
    private let lease = LeaseID(rawValue: 7)
    private let web: ServiceKey

    init() throws {
        web = try ServiceKey("web/web-1")
    }

    @Test func `the members are those of schema 2, and what does not apply is left out`() throws {
        let report = StatusReport(DaemonState(at: start), at: start)
        let object = try JSONDecoder().decode(
            [String: Anything].self,
            from: Data(report.json.utf8)
        )
        #expect(
            Set(object.keys) == [
                "schema", "time", "version", "commit", "state", "since", "ttl_seconds",
                "service_count",
                "endpoint_count", "held_count", "reload_faults", "action_errors", "services",
                "outputs", "drains", "oversized_services",
            ]
        )
        #expect(report.schema == 2 && report.state == "syncing")
        #expect(report.version == Version.text && report.commit == "development build")
        #expect(report.since == "1970-01-12T13:46:40Z")
    }

    @Test func `each instance is named once, with its registration and its health`() throws {
        let (db, api) = (try key("db"), try key("api"))
        var state = DaemonState(at: start)
        state.withoutAddress = [try #require(ServiceName(declared: "mail"))]
        state.registrations = [
            web: .init(status: .registered(lease: lease, at: 5), since: start - 60),
            db: .init(status: .pending(nil), since: start - 1),
        ]
        state.health = [
            web: .init(trouble: nil, since: start - 50),
            // Its withdrawal is under way.
            db: .init(trouble: "refused", since: start - 1),
            api: .init(trouble: "timed out", since: start - 2),
        ]
        state.drains = [.service(web.service): .init(since: start, until: start + 60)]
        state.draining = Drains(services: [web.service])
        let report = StatusReport(state, at: start)
        #expect(report.services.map(\.service) == ["mail", "db", "web", "api"])
        #expect(report.services.map(\.status) == ["pending", "pending", "registered", "unhealthy"])
        #expect(report.services.map(\.health) == [nil, "failing", "passing", "failing"])
        #expect(report.services.map(\.draining) == [false, false, true, false])
        #expect(report.services[1].detail == "refused" && report.services[3].detail == "timed out")
        #expect(report.services[2].since == "1970-01-12T13:45:40Z")
        #expect(
            report.drains == [
                .init(service: "web", since: "1970-01-12T13:46:40Z", until: "1970-01-12T13:47:40Z")
            ]
        )
    }

    @Test func `an output that prefers zones says which, and what spills now`() throws {
        var configuration = Configuration()
        var zoned = Configuration.Output(path: "/a")
        zoned.zones = ZonePreference(zones: ["a", "b"])
        configuration.outputs = [zoned, Configuration.Output(path: "/b")]
        var state = DaemonState(configuration, at: start)
        state.outputs = ["/a": .current(9), "/b": .current(9)]
        let quiet = StatusReport(state, at: start)
        #expect(quiet.outputs.map(\.preferredZones) == [["a", "b"], nil])
        #expect(quiet.outputs.map(\.spilling) == [[], nil])
        state.spilling = ["/a": [web.service]]
        let report = StatusReport(state, at: start)
        #expect(report.outputs.map(\.spilling) == [["web"], nil])
        #expect(report.json.contains("\"preferred_zones\""))
        // The status file is written for it.
        #expect(!report.isSameState(as: quiet))
    }

    @Test func `an output has the age of its file and what is wrong with it`() {
        var state = DaemonState(at: start)
        let fault = ProgramFault(code: .refused, message: "haproxy ended with status 1")
        state.outputs = ["/a": .current(9), "/b": .refused(fault), "/c": .waiting]
        state.modified = ["/a": start - 30]
        let action = ReloadAction(.unit("haproxy.service"))
        state.actionFaults = [action: ReloadFault(message: "not allowed")]
        let report = StatusReport(state, at: start)
        #expect(report.outputs.map(\.path) == ["/a", "/b", "/c"])
        #expect(report.outputs.map(\.status) == ["current", "refused", "waiting"])
        #expect(report.outputs.map(\.revision) == [9, nil, nil])
        #expect(report.outputs.map(\.ageSeconds) == [30, nil, nil])
        #expect(report.outputs[1].detail == "haproxy ended with status 1")
        #expect(report.actionErrors == ["haproxy.service: not allowed"])
    }

    @Test func `the file is written for a change of state, and not for progress`() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("status.json")
            var file = StatusFile(path: path)
            var state = DaemonState(at: start)
            state.outputs = ["/a": .current(9)]
            try file.update(StatusReport(state, at: start))
            let first = try #require(directory.read("status.json"))
            #expect(first == StatusReport(state, at: start).json)
            state.outputs = ["/a": .current(10)]
            state.modified = ["/a": start + 1]
            state.lastSync = start + 1
            state.etcdError = "another endpoint refuses as well"
            try file.update(StatusReport(state, at: start + 1))
            #expect(directory.read("status.json") == first)
            state.registrations[web] = .init(status: .pending(nil), since: start + 2)
            try file.update(StatusReport(state, at: start + 2))
            #expect(directory.read("status.json") == StatusReport(state, at: start + 2).json)
        }
    }

    @Test func `a daemon that ends says that it has stopped, and nothing that goes with it`() throws
    {
        var state = DaemonState(at: start)
        state.registrations[web] = .init(status: .registered(lease: lease, at: 5), since: start)
        state.lease = lease
        state.etcd = try EtcdEndpoint("10.0.0.1:2379")
        state.outputs = ["/a": .current(9)]
        state.apply(.lifeCycle(.stopping), at: start)
        // Whoever asks while it drains sees what is still there.
        #expect(StatusReport(state, at: start).services.count == 1)
        let last = StatusReport(state, at: start).atTheEnd
        #expect(last.state == "stopped" && last.services.isEmpty)
        #expect(last.lease == nil && last.etcd == nil && last.outputs.count == 1)
    }

    private func key(_ service: String) throws -> ServiceKey {
        try ServiceKey("\(service)/\(service)-1")
    }
}

/// Any JSON value.
private struct Anything: Decodable {
    init(from decoder: any Decoder) throws {}
}
