import Configuration
import EndpointFiles
import Etcd
import LocalServer
import Texts

// The unit as systemd has it against what the configuration needs.
extension Facts {
    /// `unit`: it is loaded and runs, and its sandbox lets the daemon do what is configured.
    func checkUnit() -> Finding {
        guard let properties = unit.properties else {
            return .skipped("systemd cannot be asked: \(unit.trouble ?? "it does not answer")")
        }
        if let finding = findingOfUnloaded(properties) { return finding }
        var problems = problemsOfState(properties) + problemsOfKind(properties)
        if let configuration { problems += problemsOfSandbox(properties, configuration) }
        let dropIns = properties.list("DropInPaths").count
        let state = properties["ActiveState"]
        return Finding(
            "\(unit.name) is \(state)"
                + (dropIns > 0 ? ", with \(counted(dropIns, "drop-in"))" : "")
                + ", and lets the daemon do what is configured",
            problems
        )
    }

    private func findingOfUnloaded(_ properties: UnitProperties) -> Finding? {
        switch properties["LoadState"] {
        case "loaded": return nil
        case "masked":
            return Finding(
                "",
                [.failed("\(unit.name) is masked", "systemctl unmask discoveryd")]
            )
        case "not-found":
            if isRunning { return .skipped("the daemon runs without a \(unit.name)") }
            return Finding(
                "",
                [
                    .failed(
                        "there is no \(unit.name), and no daemon answers at \(daemon.socket)",
                        "install discoveryd, or run 'systemctl daemon-reload'"
                    )
                ]
            )
        default:
            return Finding(
                "",
                [
                    .failed(
                        "systemd cannot load \(unit.name): \(properties["LoadError"])",
                        "see 'systemd-analyze verify \(unit.name)'; mend it with 'systemctl edit discoveryd'"
                    )
                ]
            )
        }
    }

    private func problemsOfState(_ properties: UnitProperties) -> [Problem] {
        var problems: [Problem] = []
        let (active, sub) = (properties["ActiveState"], properties["SubState"])
        let result = properties["Result"]
        let status = properties["ExecMainStatus"]
        let log = "see 'journalctl -u discoveryd -n 50'"
        switch (active, sub) {
        case ("failed", _):
            problems.append(
                .failed(
                    "\(unit.name) has failed (\(result), status \(status))",
                    "\(log); then 'systemctl restart discoveryd'"
                )
            )
        case (_, "auto-restart"):
            problems.append(
                .failed(
                    "\(unit.name) ends again and again (\(result), status \(status))",
                    log
                )
            )
        case ("inactive", _) where !isRunning:
            problems.append(.failed("\(unit.name) does not run", "systemctl start discoveryd"))
        case ("active", _) where !isRunning && daemon.trouble == .noAnswer:
            problems.append(
                .failed(
                    "\(unit.name) runs but does not answer at \(daemon.socket)",
                    "\(log); then 'systemctl restart discoveryd'"
                )
            )
        default: break
        }
        if properties.isYes("NeedDaemonReload") {
            problems.append(
                .warning(
                    "the unit file or a drop-in has changed since systemd read it",
                    "systemctl daemon-reload, then 'systemctl restart discoveryd'"
                )
            )
        }
        if properties["UnitFileState"] == "disabled" {
            problems.append(
                .warning("\(unit.name) does not start at boot", "systemctl enable discoveryd")
            )
        }
        if let restarts = Int(properties["NRestarts"]), restarts >= 3, active == "active" {
            problems.append(
                .warning(
                    "systemd has restarted the daemon \(restarts) times",
                    "\(log) for why; 'systemctl reset-failed discoveryd' counts anew"
                )
            )
        }
        return problems
    }

    private func problemsOfKind(_ properties: UnitProperties) -> [Problem] {
        var problems: [Problem] = []
        if !properties["Type"].hasPrefix("notify") {
            problems.append(
                .failed(
                    "Type=\(properties["Type"]): systemd does not wait until the lists are there",
                    "remove Type= from the drop-in, it has to be notify"
                )
            )
        }
        if ["0", "infinity"].contains(properties["WatchdogUSec"]) {
            problems.append(
                .warning(
                    "WatchdogSec= is off: a daemon that hangs is not restarted",
                    "remove WatchdogSec= from the drop-in, or set it to 30s"
                )
            )
        }
        return problems
    }

    private func problemsOfSandbox(
        _ properties: UnitProperties,
        _ configuration: Configuration
    ) -> [Problem] {
        problemsOfPlaces(properties, configuration)
            + problemsOfNetwork(properties, configuration)
            + problemsOfOwners(properties, configuration)
            + problemsOfSockets(configuration)
            + problemsOfMemory(properties, configuration)
    }

    private func problemsOfPlaces(
        _ properties: UnitProperties,
        _ configuration: Configuration
    ) -> [Problem] {
        var problems: [Problem] = []
        for output in configuration.outputs {
            let place = real(directory(of: output.path))
            if properties.isYes("PrivateTmp"), Sandbox.isBelow(place, ["/tmp", "/var/tmp"]) {
                problems.append(
                    .failed(
                        "\(output.path) is in the daemon's own /tmp (PrivateTmp=), where no other program sees it",
                        "write to another directory, such as /run/discoveryd"
                    )
                )
            } else if isHidden(place, properties) {
                problems.append(
                    .failed(
                        "\(output.path) is hidden from the daemon by ProtectHome=",
                        "write to another directory, or set ProtectHome=no with 'systemctl edit discoveryd'"
                    )
                )
            } else if !isWritable(place, properties) {
                problems.append(
                    .failed(
                        "the sandbox of the unit does not let the daemon write \(output.path)",
                        "add ReadWritePaths=\(place) with 'systemctl edit discoveryd', and restart it"
                    )
                )
            }
        }
        let etcd = configuration.etcd
        for file in [etcd.caFile, etcd.certFile, etcd.keyFile, etcd.passwordFile] {
            guard case .path(let path)? = file, isHidden(real(path), properties) else { continue }
            problems.append(
                .failed(
                    "\(path) is hidden from the daemon by ProtectHome=",
                    "move it, for example to /etc/discoveryd"
                )
            )
        }
        return problems
    }

    private static let homes = ["/home", "/root", "/run/user"]

    /// `read-only` shows the homes, see systemd.exec(5).
    private func isHidden(_ path: String, _ properties: UnitProperties) -> Bool {
        ["yes", "tmpfs"].contains(properties["ProtectHome"]) && Sandbox.isBelow(path, Self.homes)
            && !Sandbox.isBelow(path, properties.bound.map(real))
    }

    private func isWritable(_ place: String, _ properties: UnitProperties) -> Bool {
        let homes = properties["ProtectHome"] == "read-only" ? Self.homes : []
        return Sandbox(
            protectSystem: properties["ProtectSystem"],
            made: madeAtStart,
            writable: properties.list("ReadWritePaths") + properties.bound,
            closed: properties.list("ReadOnlyPaths") + properties.list("InaccessiblePaths") + homes
        ).allowsWriting(in: place, real: real)
    }

    /// The paths that the settings of the sandbox name, and systemd's own beside them.
    var sandboxPaths: [String] {
        guard let properties = unit.properties, unit.isLoaded else { return [] }
        let named = ["ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths"].flatMap(
            properties.list
        )
        return madeAtStart + properties.bound
            + named.map { String($0.drop { $0 == "-" || $0 == "+" }) }
            + ["/tmp", "/var/tmp", "/dev/shm"]
    }

    private func problemsOfNetwork(
        _ properties: UnitProperties,
        _ configuration: Configuration
    ) -> [Problem] {
        var problems: [Problem] = []
        let families = properties.list("RestrictAddressFamilies")
        // The first word says whether the others are allowed or refused.
        let isRefusing = families.first?.hasPrefix("~") == true
        let named = Set(families.map { String($0.drop { $0 == "~" }) })
        func isAllowed(_ family: String) -> Bool {
            families.isEmpty || (named.contains(family) != isRefusing)
        }
        var needed: [(family: String, purpose: String)] = [
            ("AF_UNIX", "systemd and the control socket")
        ]
        for endpoint in endpoints {
            let known = endpoint.addresses.isEmpty ? [endpoint.endpoint.host] : endpoint.addresses
            // One address that may be used is enough.
            let wanted = Set(known.compactMap(\.socketFamily))
            if !wanted.isEmpty, !wanted.contains(where: isAllowed),
                let first = wanted.sorted().first
            {
                needed.append((first, "\(endpoint.endpoint)"))
            }
        }
        if configuration.services.contains(where: { $0.address == nil }) {
            needed.append(("AF_NETLINK", "finding the address of this host"))
        }
        for (family, purpose) in needed where !isAllowed(family) {
            problems.append(
                .failed(
                    "RestrictAddressFamilies= of the unit leaves out \(family), which is needed for \(purpose)",
                    "add RestrictAddressFamilies=\(family) with 'systemctl edit discoveryd', and restart it"
                )
            )
        }
        if properties.isYes("PrivateNetwork") {
            problems.append(
                .failed(
                    "PrivateNetwork= of the unit keeps the daemon off the network",
                    "remove it from the drop-in, and restart the daemon"
                )
            )
        }
        return problems
    }

    private func problemsOfOwners(
        _ properties: UnitProperties,
        _ configuration: Configuration
    ) -> [Problem] {
        guard let user = daemonUser else { return [] }
        let capabilities =
            user.id == 0
            ? properties.capabilities ?? ["cap_chown"] : properties.list("AmbientCapabilities")
        guard !capabilities.contains("cap_chown") else { return [] }
        var problems: [Problem] = []
        for output in configuration.outputs {
            if let owner = output.owner, owner.id != user.id {
                problems.append(
                    .failed(
                        "\(user.name) cannot give \(output.path) to \(owner.name): it lacks CAP_CHOWN",
                        "use group and mode of the output instead of owner"
                    )
                )
            }
            if let group = output.group, !user.groups.contains(group.id) {
                problems.append(
                    .failed(
                        "\(user.name) cannot give \(output.path) to the group \(group.name): it is no member",
                        group.id == 0
                            ? "name another group in the output"
                            : "add SupplementaryGroups=\(group.name) with 'systemctl edit discoveryd', and restart it"
                    )
                )
            }
        }
        return problems
    }

    private func problemsOfSockets(_ configuration: Configuration) -> [Problem] {
        var problems: [Problem] = []
        for socket in Set(configuration.outputs.compactMap(\.runtime)).sorted() {
            guard let facts = paths[socket], facts.errno == nil, let user = daemonUser,
                let step = facts.refusal(of: user, .write)
            else { continue }
            let group = groupNames[step.group] ?? "\(step.group)"
            let remedy =
                if step.group != 0 {
                    "add SupplementaryGroups=\(group) with 'systemctl edit discoveryd' and restart it; HAProxy's "
                        + "'stats socket' needs 'mode 660 group \(group)'"
                } else if step.kind == .directory {
                    // To be in root's group is more than anybody needs to reach a socket.
                    "let it pass: setfacl -m u:\(user.name):x \(step.path)"
                } else {
                    "give HAProxy's 'stats socket' a group: 'mode 660 group haproxy', and add "
                        + "SupplementaryGroups=haproxy with 'systemctl edit discoveryd'; restart both"
                }
            problems.append(
                .failed(
                    "\(user.name) cannot reach HAProxy at \(socket): \(step.path) has \(step.words)",
                    remedy
                )
            )
        }
        return problems
    }

    private func problemsOfMemory(
        _ properties: UnitProperties,
        _ configuration: Configuration
    ) -> [Problem] {
        let needed = configuration.limits.neededMemory
        guard let most = UInt64(properties["MemoryMax"]), most != .max, needed > most else {
            return []
        }
        return [
            .warning(
                "[limits] admits lists that need about \(needed >> 20) MB, and MemoryMax= is \(most >> 20) MB",
                "lower the limits, or raise MemoryMax= with 'systemctl edit discoveryd'"
            )
        ]
    }
}

extension HostAddress {
    /// The family of sockets that reach it; `nil` for a name.
    fileprivate var socketFamily: String? {
        switch family {
        case .ipv4: "AF_INET"
        case .ipv6: "AF_INET6"
        case .name: nil
        }
    }
}
