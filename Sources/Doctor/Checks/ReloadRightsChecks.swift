import Configuration
import EndpointFiles
import Texts

// The rights to have consumers reloaded: by units, programs and HAProxy's socket.
extension Facts {
    /// `reload_rights`: each unit may be reloaded, each program can be run, each HAProxy takes changes.
    func checkReloadRights() -> Finding {
        guard let configuration else { return .skipped("there is no configuration") }
        var problems: [Problem] = []
        var (fine, unknown): ([String], [String]) = ([], [])
        func note(_ name: String, _ asked: Asked, _ problem: (String) -> Problem) {
            switch asked {
            case .yes: fine.append(name)
            case .no(let why): problems.append(problem(why))
            case .unknown(let why): unknown.append("\(name): \(why)")
            }
        }
        for name in reloadedUnits(configuration) {
            if let problem = problem(ofReloaded: name) {
                problems.append(problem)
                continue
            }
            note(name, reloadRights[name] ?? .unknown("not asked")) { why in
                .failed(
                    "the daemon may not reload \(name): \(why)",
                    "install a polkit rule for it, see Examples/polkit/50-discoveryd-reload.rules"
                )
            }
        }
        for socket in Set(configuration.outputs.compactMap(\.runtime)).sorted() {
            note("HAProxy at \(socket)", sockets[socket] ?? .unknown("not asked")) { why in
                .failed(
                    why,
                    "see 'runtime' in discoveryd.conf(5): stats socket \(socket) level admin"
                )
            }
        }
        for program in programs.keys.sorted() {
            guard let facts = programs[program] ?? nil else {
                problems.append(
                    .failed("there is no program \(program)", "install it, or name it by its path")
                )
                continue
            }
            if let step = facts.refusal(of: actor, facts.isScript ? .readAndSearch : .search) {
                problems.append(
                    .failed(
                        "\(actor.name) cannot run \(program): \(step.path) has \(step.words)",
                        step.path == facts.target?.path
                            ? "chmod a+rx \(step.path)"
                            : "move the program to /usr/local/bin, or let \(actor.name) pass: "
                                + "setfacl -m u:\(actor.name):x \(step.path)"
                    )
                )
            } else {
                fine.append(program)
            }
        }
        if fine.isEmpty, problems.isEmpty {
            return unknown.isEmpty
                ? Finding("no output has a reload or a program")
                : .skipped(unknown.joined(separator: "; "))
        }
        let rest = unknown.isEmpty ? "" : "; not known: \(unknown.joined(separator: "; "))"
        return Finding("can be reloaded or run: \(fine.joined(separator: ", "))\(rest)", problems)
    }

    private func problem(ofReloaded name: String) -> Problem? {
        guard let properties = unit.others[name] else { return nil }
        if properties["LoadState"] == "not-found" || properties["LoadState"] == "masked" {
            return .failed(
                "\(name), which is to be reloaded, is \(properties["LoadState"])",
                "correct reload of the output, or install that service"
            )
        }
        // Of one that does not run systemd says that it cannot be reloaded.
        guard properties["ActiveState"] == "active", properties["CanReload"] == "no" else {
            return nil
        }
        return .failed(
            "\(name) cannot be reloaded: it has no ExecReload=",
            "reload its program by a command instead, see discoveryd.conf(5)"
        )
    }

    /// The units that outputs reload.
    func reloadedUnits(_ configuration: Configuration) -> [String] {
        let units = configuration.outputs.compactMap { output -> String? in
            guard case .unit(let name)? = output.reload?.kind else { return nil }
            return name
        }
        return Set(units).sorted()
    }
}
