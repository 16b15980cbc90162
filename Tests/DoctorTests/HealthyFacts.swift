import Configuration
import Daemon
import Etcd
import Foundation
import Registry

@testable import Doctor

/// A host on which all is well, for tests to break one thing of.
func healthyFacts(_ change: (inout Facts) throws -> Void = { _ in }) throws -> Facts {
    var facts = Facts(now: 1_800_000_000)
    facts.owner = "0123456789abcdef0123456789abcdef"
    facts.files = ["/etc/discoveryd.conf"]
    var configuration = Configuration()
    var output = Configuration.Output(path: "/srv/lists/list.json")
    output.format = .prometheus
    configuration.outputs = [output]
    if let name = ServiceName(declared: "web") {
        var service = Configuration.Service(name: name, port: 8080)
        service.id = InstanceID(declared: "web-1")
        configuration.services = [service]
    }
    facts.configuration = configuration
    facts.daemonUser = UserFacts(name: "_discoveryd", id: 998, groups: [998])
    facts.unit.properties = UnitProperties([
        "LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Type": "notify",
        "UnitFileState": "enabled", "WatchdogUSec": "30s", "MainPID": "77", "NRestarts": "0",
        "NeedDaemonReload": "no", "ProtectSystem": "strict", "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "ReadWritePaths": "/srv/lists", "RuntimeDirectory": "discoveryd",
        "StateDirectory": "discoveryd",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX AF_NETLINK", "MemoryMax": "536870912",
    ])
    func directory(_ path: String, owner: UInt32 = 998, mode: UInt32 = 0o755) -> PathFacts {
        var steps = [PathFacts.Step("/")]
        var place = ""
        for part in path.split(separator: "/") {
            place += "/\(part)"
            steps.append(PathFacts.Step(place))
        }
        steps[steps.count - 1].owner = owner
        steps[steps.count - 1].mode = mode
        return PathFacts(path, steps, space: PathFacts.Space(available: 1 << 34, total: 1 << 36))
    }
    for path in ["/srv/lists", "/var/lib/discoveryd", "/run/discoveryd"] {
        facts.paths[path] = directory(path)
    }
    var file = directory("/srv/lists")
    file.path = "/srv/lists/list.json"
    file.space = nil
    file.steps.append(PathFacts.Step("/srv/lists/list.json", .file, mode: 0o644, owner: 998))
    file.modified = facts.now - 60
    facts.paths[file.path] = file
    facts.readers[file.path] = AssumedReader(
        UserFacts(name: "prometheus", id: 120, groups: [120]),
        name: "prometheus",
        reason: "User= of prometheus.service"
    )
    facts.listeners = [Listener(.tcp, "0.0.0.0", 8080, user: 33)]
    facts.addresses = ["127.0.0.1", "10.0.0.5"]
    facts.processes = [DaemonProcessFacts(process: 77, arguments: ["/usr/sbin/discoveryd", "run"])]
    facts.endpoints = [member("10.0.0.1"), member("10.0.0.2")]
    facts.configuration?.etcd.endpoints = facts.endpoints.map(\.endpoint)
    var session = SessionFacts()
    (session.keys, session.revision) = (4, 120)
    session.lease = .some(
        SessionFacts.Lease(granted: .seconds(10), remaining: .seconds(8), keys: 1)
    )
    session.records = [
        SessionFacts.OwnRecord(key: "services/web/web-1", owner: facts.owner, lease: 0x10)
    ]
    session.progress = .milliseconds(4)
    facts.session = session
    facts.daemon.status = try status()
    try change(&facts)
    return facts
}

/// An endpoint that works.
func member(_ host: String, version: String = "3.5.30") -> MemberExamination {
    guard let endpoint = try? EtcdEndpoint("http://\(host):2379") else {
        return MemberExamination(.local)
    }
    var one = MemberExamination(endpoint)
    one.addresses = [endpoint.host]
    var answer = MemberExamination.Answer()
    (answer.cluster, answer.member, answer.version, answer.leader) = (0xc1, 1, version, 1)
    one.answer = answer
    one.clockAhead = 0
    one.roundTrips = [.milliseconds(1), .milliseconds(2), .milliseconds(3)]
    return one
}

/// What a daemon says that is well.
///
/// - Parameter change: Of the JSON.
func status(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> StatusReport {
    var json: [String: Any] = [
        "schema": 2, "time": "2026-11-28T06:00:00Z", "version": "0.1.0", "state": "current",
        "since": "2026-11-28T05:00:00Z", "etcd": "http://10.0.0.1:2379",
        "lease": "0000000000000010", "ttl_seconds": 10, "revision": 120,
        "last_sync": "2026-11-28T05:00:00Z", "service_count": 1, "endpoint_count": 4,
        "held_count": 0, "reload_faults": 0, "action_errors": [String](),
        "services": [
            ["service": "web", "id": "web-1", "status": "registered", "draining": false]
                as [String: Any]
        ],
        "outputs": [
            ["path": "/srv/lists/list.json", "status": "current", "revision": 120] as [String: Any]
        ],
        "drains": [[String: Any]](), "oversized_services": [[String: Any]](),
    ]
    change(&json)
    let data = try JSONSerialization.data(withJSONObject: json)
    return try JSONDecoder().decode(StatusReport.self, from: data)
}

extension Facts {
    /// The checks that are not ok, with their sentences.
    var troubled: [CheckName: Finding] {
        let found = Diagnosis(self).findings.filter { $0.finding.verdict != .ok }
        return Dictionary(found.map { ($0.name, $0.finding) }) { first, _ in first }
    }
}
