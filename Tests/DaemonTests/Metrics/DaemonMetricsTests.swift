import Configuration
import EndpointFiles
import Etcd
import EtcdRegistry
import Exposition
import Foundation
import HealthChecks
import Registry
import TestKit
import Testing

@testable import Daemon

@Suite struct DaemonMetricsTests {
    private let metrics = DaemonMetrics()
    private let key: ServiceKey

    init() throws {
        key = try ServiceKey("web/web-1")
    }

    @Test func whatIsReportedIsCounted() throws {
        let etcd = try EtcdEndpoint("10.0.0.1:2379")
        metrics.record(.connection(.connected(etcd, serverVersion: "3.4.23")))
        metrics.record(.connection(.lost(etcd, reason: "x")))
        let lease = LeaseID(rawValue: 7)
        let term = LeaseTerm(clusterID: ClusterID(rawValue: 1), granted: .seconds(10))
        metrics.record(.registration(.leaseGranted(lease, term)))
        metrics.record(.registration(.registered(key, lease: lease, at: 5)))
        metrics.record(.registration(.lost(key, .deleted)))
        metrics.record(.registration(.registered(key, lease: lease, at: 6)))
        metrics.record(.registration(.leaseLost(lease)))
        metrics.record(.watch(.synced(revision: 6, services: 1, endpoints: 1, bad: 1, foreign: 3)))
        metrics.record(.watch(.outOfSync(reason: "x")))
        metrics.record(.watch(.diverged(keys: 1, inStore: 2)))
        metrics.record(.publish(.written(path: "/a", revision: 6, bytes: 10)))
        metrics.record(.publish(.altered(path: "/a")))
        for line in [
            "discoveryd_etcd_connections_total 1", "discoveryd_etcd_connection_losses_total 1",
            "discoveryd_lease_grants_total 1", "discoveryd_lease_expirations_total 1",
            #"discoveryd_service_registration_changes_total{service="web",op="registered"} 2"#,
            #"discoveryd_service_registration_changes_total{service="web",op="lost"} 1"#,
            #"discoveryd_watch_snapshots_total{result="ok"} 1"#, "discoveryd_keys_foreign 3",
            "discoveryd_watch_restarts_total 1", "discoveryd_watch_divergences_total 1",
            #"discoveryd_output_writes_total{output="/a",result="written"} 1"#,
            #"discoveryd_output_alterations_total{output="/a"} 1"#,
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test func theBuildIsToldByVersionCommitAndCompiler() {
        let commit = #"commit="development build""#
        #expect(
            lines.contains(
                #"discoveryd_build_info{version="\#(Version.text)",\#(commit),swift="\#(Version.compiler)"} 1"#
            )
        )
    }

    @Test func theStateIsShownAndWhatIsNotConfiguredIsForgotten() throws {
        let other = try ServiceKey("web/web-2")
        let registered = RegistrationStatus.registered(lease: LeaseID(rawValue: 7), at: 5)
        var state = DaemonState(at: Date())
        state.configuration.services = try ["web", "db"].map { try service($0) }
        state.registrations = [
            key: .init(status: registered, since: Date()),
            other: .init(status: .pending(nil), since: Date()),
        ]
        state.leaseRemaining = .milliseconds(7500)
        metrics.update(from: state)
        #expect(lines.contains(#"discoveryd_service_registered{service="web"} 0"#))
        #expect(lines.contains(#"discoveryd_service_registered{service="db"} 0"#))
        #expect(lines.contains("discoveryd_lease_ttl_remaining_seconds 7.5"))
        state.configuration.services = [try service("web")]
        state.registrations[other] = .init(status: registered, since: Date())
        state.leaseRemaining = nil
        metrics.update(from: state)
        #expect(lines.contains(#"discoveryd_service_registered{service="web"} 1"#))
        #expect(lines.contains("discoveryd_lease_ttl_remaining_seconds 0"))
        #expect(!metrics.registry.text.contains(#""db""#))
    }

    @Test func theFilesAreShownAndThoseThatAreNotConfiguredAreForgotten() throws {
        metrics.record(.publish(.unchanged(path: "/a", revision: 6)))
        var state = DaemonState(at: Date())
        state.configuration.outputs = ["/a", "/b"].map { output($0) }
        state.outputs = ["/a": .current(6)]
        state.leftOut = ["/a": 2]
        state.spilling = ["/a": [key.service]]
        metrics.update(from: state)
        #expect(lines.contains(#"discoveryd_output_stale{output="/a"} 0"#))
        #expect(lines.contains(#"discoveryd_output_stale{output="/b"} 1"#))
        #expect(lines.contains(#"discoveryd_output_left_out{output="/a"} 2"#))
        #expect(lines.contains(#"discoveryd_output_spilling_services{output="/a"} 1"#))
        state.configuration.outputs = [output("/b")]
        metrics.update(from: state)
        #expect(!metrics.registry.text.contains(#""/a""#))
    }

    @Test func theHealthOfServicesIsShownAndItsChangesAreCounted() throws {
        metrics.record(.health(.up(key)))
        metrics.record(.health(.dampingBegan(key, returnIn: .seconds(10))))
        var state = DaemonState(at: Date())
        state.configuration.services = try ["web", "db"].map { try service($0, isChecked: true) }
        state.health = [key: .init(trouble: "refused", since: Date())]
        metrics.update(from: state)
        for line in [
            #"discoveryd_service_check_up{service="web"} 0"#,
            #"discoveryd_service_check_up{service="db"} 0"#,
            #"discoveryd_service_check_changes_total{service="web",to="up"} 1"#,
            #"discoveryd_service_check_changes_total{service="web",to="damped"} 1"#,
            #"discoveryd_service_check_changes_total{service="web",to="down"} 0"#,
        ] { #expect(lines.contains(line), "\(line)") }
        state.configuration.services = [try service("web", isChecked: true)]
        state.health = [key: .init(since: Date())]
        metrics.update(from: state)
        #expect(lines.contains(#"discoveryd_service_check_up{service="web"} 1"#))
        #expect(!metrics.registry.text.contains(#""db""#))
    }

    @Test func `changes that a running HAProxy was told are counted by output`() {
        metrics.record(.runtime(.applied(path: "/a", commands: 3)))
        metrics.record(.runtime(.reloadNeeded(path: "/a", reason: "options")))
        metrics.record(.runtime(.deleted(path: "/a", servers: 1)))
        var state = DaemonState(at: Date())
        var output = Configuration.Output(path: "/a")
        output.runtime = "/run/haproxy/admin.sock"
        state.configuration.outputs = [output]
        state.runtimes = ["/a": .different("no backend")]
        metrics.update(from: state)
        for line in [
            #"discoveryd_haproxy_changes_total{output="/a",result="applied"} 1"#,
            #"discoveryd_haproxy_changes_total{output="/a",result="reload"} 1"#,
            #"discoveryd_haproxy_commands_total{output="/a"} 3"#,
            #"discoveryd_haproxy_differs{output="/a"} 1"#,
        ] { #expect(lines.contains(line), "\(line)") }
        state.runtimes = ["/a": .current(leaving: 1, setByHand: [])]
        metrics.update(from: state)
        #expect(lines.contains(#"discoveryd_haproxy_differs{output="/a"} 0"#))
        state.configuration.outputs = []
        metrics.update(from: state)
        #expect(!metrics.registry.text.contains("/a"))
    }

    @Test func reloadsAreCountedByWhatTheyReload() {
        let haproxy = ReloadAction(.unit("haproxy.service"))
        let fault = ReloadFault(message: "no")
        metrics.record(.reload(.done(haproxy, paths: ["/a"])))
        metrics.record(.reload(.failed(haproxy, fault, retryIn: .seconds(1))))
        var state = DaemonState(at: Date())
        state.configuration.outputs = [output("/a", reload: haproxy)]
        state.actionFaults = [haproxy: fault]
        metrics.update(from: state)
        for line in [
            #"discoveryd_hook_runs_total{hook="haproxy.service",result="done"} 1"#,
            #"discoveryd_hook_runs_total{hook="haproxy.service",result="failed"} 1"#,
            #"discoveryd_hook_failing{hook="haproxy.service"} 1"#,
        ] { #expect(lines.contains(line), "\(line)") }
        state.configuration.outputs = []
        metrics.update(from: state)
        #expect(!metrics.registry.text.contains("haproxy.service"))
    }

    @Test func eachRequestIsCountedAndTimed() {
        metrics.record(.ended(.snapshot, after: .milliseconds(3), nil))
        metrics.record(.ended(.grant, after: .milliseconds(2), nil))
        metrics.record(.ended(.claim, after: .seconds(5), StoreError(.unavailable, "no answer")))
        let failed = #"discoveryd_etcd_requests_total{method="claim",code="unavailable"} 1"#
        #expect(lines.contains(failed))
        #expect(lines.contains(#"discoveryd_etcd_requests_total{method="grant",code="ok"} 1"#))
        #expect(lines.contains(#"discoveryd_etcd_requests_total{method="snapshot",code="ok"} 1"#))
        let count = #"discoveryd_etcd_request_duration_seconds_count{method="snapshot"} 1"#
        #expect(lines.contains(count))
    }

    @Test func theProcessIsLookedAt() throws {
        let facts = ProcessFacts.current()
        #expect(facts.cpu > .zero)
        #expect(try #require(facts.residentBytes) > 1 << 20)
        #expect(try #require(facts.openFiles) >= 3)
        metrics.process.update(from: facts)
        #expect(lines.contains("process_open_fds \(facts.openFiles ?? 0)"))
    }

    @Test func promtoolHasNothingToSay() async throws {
        var state = DaemonState(at: Date())
        state.configuration.services = [try service("web", isChecked: true)]
        state.configuration.outputs = [
            output("/a \"b\"\\", reload: ReloadAction(.command(["/bin/x"])))
        ]
        state.registrations = [key: .init(status: .pending(nil), since: Date())]
        metrics.update(from: state)
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("metrics", metrics.registry.text)
            let check = try await Command(
                "/bin/sh",
                ["-c", "promtool check metrics < \"$1\"", "sh", file]
            ).run()
            #expect(check.status == 0, "\(check.errors)")
            #expect(check.output.isEmpty && check.errors.isEmpty, "\(check.output)\(check.errors)")
        }
    }

    @Test func theAlertsAreRulesAndEachMetricInThemIsOneOfOurs() async throws {
        let path = Repository.root.appending(path: "Examples/prometheus/alerts.yml").path
        let check = try await Command("/usr/bin/promtool", ["check", "rules", path]).run()
        #expect(check.status == 0, "\(check.errors)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let named = text.matches(of: /\b(?:discoveryd|process)_[a-z_]+/).map { String($0.output) }
        #expect(named.count >= 10)
        #expect(Set(named).subtracting(metrics.registry.names) == [])
    }

    /// The reference is made of the declarations, and they are what is served.
    @Test func theReferenceHasEachMetricWithItsHelp() async throws {
        let script = Repository.root.appending(path: "dev/reference-pages").path
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("metrics", metrics.registry.text)
            let check = try await Command(
                "/usr/bin/python3",
                [script, "--served", file]
            ).run()
            #expect(check.status == 0, "\(check.errors)")
        }
    }

    @Test func eachImportantMetricInTheDocumentationIsOneOfOurs() throws {
        let path = Repository.root.appending(path: "docs/MONITORING.md").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let section = try #require(text.split(separator: "\n## Metrics\n").last)
        let table = section.split(separator: "\n## ")[0].split(separator: "| `discoveryd_…` |")[1]
        let named = table.split(separator: "\n").compactMap { row in
            row.hasPrefix("| `") ? row.split(separator: "|")[0] : nil
        }.flatMap { $0.matches(of: /`([a-z_]+)/).map { "discoveryd_\($0.output.1)" } }
        #expect(named.count >= 10)
        #expect(Set(named).subtracting(metrics.registry.names) == [])
    }

    private func service(
        _ name: String,
        isChecked: Bool = false
    ) throws -> Configuration.Service {
        var service = Configuration.Service(
            name: try #require(ServiceName(declared: name)),
            port: 80
        )
        if isChecked {
            let target = try #require(TCPTarget("127.0.0.1:80"))
            service.checks = [CheckDefinition(.tcp(target))]
        }
        return service
    }

    private func output(_ path: String, reload: ReloadAction? = nil) -> Configuration.Output {
        var output = Configuration.Output(path: path)
        output.reload = reload
        return output
    }

    private var lines: Set<String> {
        Set(metrics.registry.text.split(separator: "\n").map(String.init))
    }
}
