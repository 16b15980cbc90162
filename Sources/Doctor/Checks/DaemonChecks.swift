import Configuration
import Daemon
import EndpointFiles
import LocalServer
import Registry
import Texts

// What the running daemon says of its files and consumers, and what stands in its way on this host.
extension Facts {
    /// `files`: each output is there and as new as it can be.
    func checkFiles() -> Finding {
        guard let configuration else { return .skipped("there is no configuration") }
        var problems: [Problem] = []
        var ages: [Int] = []
        let known = daemon.status.map { status in
            Dictionary(status.outputs.map { ($0.path, $0) }) { first, _ in first }
        }
        var revisions: Set<Int64> = []
        for output in configuration.outputs {
            let facts = paths[output.path]
            if let modified = facts?.modified { ages.append(max(0, now - modified)) }
            if let known {
                guard let status = known[output.path] else {
                    problems.append(
                        .warning(
                            "the daemon does not know \(output.path): the configuration has changed since it was read",
                            "systemctl reload discoveryd"
                        )
                    )
                    continue
                }
                if let revision = status.revision { revisions.insert(revision) }
                if let problem = Self.problem(of: status) {
                    problems.append(problem)
                    continue
                }
            }
            guard known != nil, let facts, facts.errno == Self.missing else { continue }
            problems.append(
                .failed(
                    "\(output.path) has been removed",
                    "the daemon writes it anew at its next look, within seconds; see who removes it"
                )
            )
        }
        if known == nil, daemon.trouble == .notRunning, unit.properties == nil || !unit.isLoaded {
            problems.append(
                .warning("no daemon keeps the files up to date", "start it, see discoveryd(8)")
            )
        }
        let age = ages.max().map { ", last changed at most \(Self.age($0)) ago" } ?? ""
        let revision = revisions.max().map { ", of revision \($0)" } ?? ""
        let etcd = session.map { $0.revision > 0 ? " (etcd stands at \($0.revision))" : "" } ?? ""
        let note = known == nil ? "; \(noDaemon)" : ""
        return Finding(
            "\(counted(configuration.outputs.count, "output"))\(revision)\(etcd)\(age)\(note)",
            problems
        )
    }

    private static func problem(of status: StatusReport.Output) -> Problem? {
        let detail = status.detail.map { ": \($0)" } ?? ""
        return switch status.status {
        case "failed":
            .failed("\(status.path) cannot be written\(detail)", "see 'directories' and 'unit'")
        case "refused":
            .failed(
                "\(status.path): the new list was refused by the output's program\(detail)",
                "run that program on the file by hand; see 'discoveryd render'"
            )
        case "kept":
            .warning(
                "\(status.path) is kept as it was on purpose\(detail)",
                "see on_empty and min_endpoints in discoveryd.conf(5)"
            )
        case "waiting":
            .warning("\(status.path) waits for a list\(detail)", "see the checks of etcd above")
        default: nil
        }
    }

    private static func age(_ seconds: Int) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) days"
        }
    }

    /// `reloads`: the consumers have loaded their files, and running HAProxies show them.
    func checkReloads() -> Finding {
        guard let status = daemon.status else { return .skipped(noDaemon) }
        var problems = status.actionErrors.map {
            Problem.failed(
                "a reload failed: \($0)",
                "see 'reload_rights', and the log of that service"
            )
        }
        for output in status.outputs {
            guard let state = output.runtime, ["unreachable", "different"].contains(state) else {
                continue
            }
            problems.append(
                .warning(
                    "the HAProxy of \(output.path) is \(state)"
                        + (output.runtimeDetail.map { ": \($0)" } ?? ""),
                    "see 'reload_rights', and runtime in discoveryd.conf(5)"
                )
            )
        }
        if status.configurationErrors > 0 {
            problems.append(
                .failed(
                    "the last reload of the configuration was refused with \(counted(status.configurationErrors, "error"))",
                    "'discoveryd check', then 'systemctl reload discoveryd'"
                )
            )
        }
        let reloads = configuration?.outputs.filter { $0.reload != nil }.count ?? 0
        return Finding(
            reloads == 0
                ? "no output has a consumer to be reloaded"
                : "no reload has failed since its last success",
            problems
        )
    }

    /// `instance`: one daemon has the files, and the keys of this host are its own.
    func checkInstance() -> Finding {
        var problems = problemsOfSeconds
        if let owner, let session {
            for record in session.records {
                guard let other = record.owner, other != owner else { continue }
                problems.append(
                    .failed(
                        "\(record.key) is registered by another host (owner \(other))",
                        "give the service another id on one of the two, see discoveryd.conf(5)"
                    )
                )
            }
        }
        for service in daemon.status?.services ?? [] where service.status == "refused" {
            // Another host's record is named above.
            guard problems.isEmpty else { break }
            problems.append(
                .failed(
                    "\(service.service) is not registered\(service.detail.map { ": \($0)" } ?? "")",
                    "see 'discoveryd status'"
                )
            )
        }
        let count = session?.records.count ?? 0
        return Finding(
            (processes.isEmpty ? "no daemon runs here" : "one daemon runs here")
                + (count > 0 ? "; \(counted(count, "record")) of this host in etcd" : ""),
            problems
        )
    }

    /// Other daemons than the unit's that write the same files.
    private var problemsOfSeconds: [Problem] {
        let main = unit.process ?? processes.first?.process
        guard let first = processes.first(where: { $0.process == main }) else { return [] }
        return processes.filter { $0.process != main }.compactMap { other in
            let shared = ["--config", "--state-directory", "--status-file"].filter { option in
                guard let theirs = Self.file(option, of: other) else { return false }
                return theirs == Self.file(option, of: first)
            }
            guard !shared.isEmpty else { return nil }
            let command = other.arguments.joined(separator: " ")
            return .failed(
                "a second daemon runs, process \(other.process) (\(OneLine.bounded(command, to: 200))), with the same "
                    + shared.map { String($0.dropFirst(2)) }.joined(separator: ", "),
                "stop what starts it ('systemctl status \(other.process)' tells), or give it a configuration, "
                    + "--state-directory and --status-file of its own, see discoveryd(8)"
            )
        }
    }

    /// The file or directory that an option of a daemon names, or that is taken without it.
    ///
    /// - Returns: `nil` where there is none, or nobody here knows it.
    private static func file(_ option: String, of daemon: DaemonProcessFacts) -> String? {
        if let named = value(of: option, daemon.arguments) { return named }
        switch option {
        case "--config": return ConfigurationLoader.standardPath
        case "--status-file": return StatusFile.standardPath
        default:
            guard case .directory(let path) = daemon.given else { return nil }
            return path
        }
    }

    private static func value(of option: String, _ arguments: [String]) -> String? {
        for (place, argument) in arguments.enumerated() {
            let isShort = option == "--config" && argument == "-c"
            if argument == option || isShort {
                return arguments.indices.contains(place + 1) ? arguments[place + 1] : nil
            }
            if argument.hasPrefix("\(option)=") {
                return String(argument.dropFirst(option.count + 1))
            }
        }
        return nil
    }

    /// `ports`: nobody else has the port of the metrics, and something listens where services are registered.
    func checkPorts() -> Finding {
        guard let configuration else { return .skipped("there is no configuration") }
        var problems: [Problem] = []
        if case .tcp(let host, let port)? = configuration.metrics.listen,
            // Of a daemon whose user nobody here knows, as one in a container, that of the port says nothing.
            let user = daemonUser
        {
            let there = listeners.filter { listener in
                listener.transport == .tcp && Int(listener.port) == port
                    && (listener.address == host || listener.isEverywhere)
            }
            // Of several at a port the first that listened has it.
            if let other = there.first(where: { $0.user != user.id }) {
                problems.append(
                    .failed(
                        "another program (of uid \(other.user)) listens at \(host):\(port), where [metrics] listen is",
                        "choose another port, or end that program; see 'ss -ltnp'"
                    )
                )
            } else if there.isEmpty, isRunning, daemonKnowsConfiguration {
                problems.append(
                    .warning(
                        "the daemon does not listen at \(host):\(port), where [metrics] listen is",
                        "systemctl restart discoveryd; see its log if that does not help"
                    )
                )
            }
        }
        var heard = 0
        for service in configuration.services {
            let address = service.address?.text
            // What is registered for another host is that one's business.
            if let address, !addresses.contains(address) { continue }
            let isHeard = listeners.contains { listener in
                listener.port == service.port
                    && (listener.isEverywhere || address == nil || listener.address == address)
            }
            if isHeard {
                heard += 1
            } else {
                problems.append(
                    .warning(
                        "nothing listens at port \(service.port) of this host, where \(service.name) is registered",
                        "start that service, or give it a check, so that it is registered while it works"
                    )
                )
            }
        }
        return Finding(
            heard == 0
                ? "no port is in the way" : "\(counted(heard, "service")) of this host listen",
            problems
        )
    }

    /// Whether the daemon has read the configuration that was read here, as far as its outputs tell.
    private var daemonKnowsConfiguration: Bool {
        guard let status = daemon.status, let configuration else { return false }
        let known = Set(status.outputs.map(\.path))
        return configuration.outputs.allSatisfy { known.contains($0.path) }
    }
}

extension Listener {
    /// Whether it listens at all addresses.
    var isEverywhere: Bool { address == "0.0.0.0" || address == "::" }
}
