import Configuration
import EndpointFiles
import FoundationEssentials
import Registry
import TestKit
import Testing

@testable import Daemon

/// What is said of one service or instance.
@Suite struct ExplainReportTests {
    private let now = Date(timeIntervalSince1970: 1_000_000)

    @Test func `an instance is told with the files that show it, and why others do not`() throws {
        let web = try ServiceKey("web/web-1")
        var state = DaemonState(at: now)
        var (all, other, filtered) = (output("/run/a.json"), output("/run/b"), output("/run/c"))
        all.format = .json
        other.services = [try #require(ServiceName(declared: "db"))]
        filtered.filter = EndpointFilter(zone: "z")
        state.configuration.outputs = [all, other, filtered]
        state.list = try TableUpdate.of(web, revision: 9)
        state.hasList = true
        let report = try #require(explain(web.service, nil, in: state))
        #expect(report.instanceCount == 1 && report.revision == 9)
        let one = try #require(report.instances.first)
        #expect(one.id == "web-1" && one.addr == "10.0.0.5:80" && one.held == false)
        #expect(one.lease == "0000000000000007" && one.registration == nil)
        #expect(one.outputs.map(\.shown) == [true, false, false])
        #expect(
            one.outputs.map(\.reason) == [
                nil, "is of a service that the output does not name",
                "does not match the output's zone or tags",
            ]
        )
    }

    @Test func `one that etcd lost and that is held is told as held`() throws {
        let web = try ServiceKey("web/web-1")
        var state = DaemonState(at: now)
        let list = try TableUpdate.of(web, revision: 9)
        let endpoint = try #require(list.table[web])
        state.list = TableUpdate(
            table: EndpointTable(),
            clusterID: list.clusterID,
            revision: 10,
            held: [web: HeldEndpoint(endpoint: endpoint, since: .zero)]
        )
        let report = try #require(explain(web.service, web.instance, in: state))
        #expect(report.instances.map(\.held) == [true])
        #expect(report.instances.first?.addr == "10.0.0.5:80")
    }

    @Test func `one that is only remembered is told by its events`() throws {
        let web = try ServiceKey("web/web-1")
        let history = EventHistory()
        history.record(.endpoints([EndpointChange(web, .dropped, at: 4)]), at: now)
        let report = try #require(
            ExplainReport(web.service, nil, in: DaemonState(at: now), at: now, history: history)
        )
        #expect(report.instances.isEmpty && report.events.map(\.event) == ["dropped"])
        #expect(report.events.first?.time == "1970-01-12T13:46:40.000Z")
    }

    @Test func `of thousands of instances a hundred are told, and how many there are`() throws {
        var state = DaemonState(at: now)
        var list = try TableUpdate.of(revision: 9)
        for number in 0..<3000 {
            list.table = try TableUpdate.of(
                try ServiceKey("web/\(number)"),
                revision: 9
            ).table.endpoints(of: try #require(ServiceName(declared: "web")))
                .reduce(into: list.table) { $0.insert($1) }
        }
        state.list = list
        let report = try #require(explain(try ServiceKey("web/1").service, nil, in: state))
        #expect(report.instanceCount == 3000 && report.instances.count == 100)
    }

    @Test func `nothing is said of what nobody knows`() throws {
        let web = try ServiceKey("web/web-1")
        #expect(explain(web.service, nil, in: DaemonState(at: now)) == nil)
    }

    private func output(_ path: String) -> Configuration.Output {
        var output = Configuration.Output(path: path)
        output.format = .lines
        return output
    }

    private func explain(
        _ service: ServiceName,
        _ instance: InstanceID?,
        in state: DaemonState
    ) -> ExplainReport? {
        ExplainReport(service, instance, in: state, at: now, history: EventHistory())
    }
}
