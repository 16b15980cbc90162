import Texts

/// What HAProxy's process has to be told to serve a backend as the file says it, what only a reload can do, and what is
/// left as an administrator set it.
///
/// What discoveryd itself changes is set: whatever differs between the file that was applied last and the one there is
/// now. A weight or a state that differs although the file did not change was set by hand, and is left.
struct RuntimeDifference: Equatable, Sendable {
    /// In the order in which they are to be sent.
    var commands: [RuntimeCommand] = []
    /// Why a reload is needed; `nil` when none is.
    var reloadReason: String?
    /// What was set by hand.
    var setByHand: [SetByHand] = []
    /// The servers that are in the process and no longer in the file.
    var leaving: [RuntimeCommand.Target] = []

    /// Compares one backend.
    ///
    /// - Parameters:
    ///   - wanted: As the file says it.
    ///   - applied: As the file said it that was applied last; `nil` when that is not known, and all is set.
    ///   - running: As the process has it; `nil` when it has no such backend.
    ///   - drained: The servers that discoveryd itself had drain.
    ///   - isNew: Whether the process has just loaded the file: nobody set a weight in it by hand.
    init(
        _ wanted: HAProxyFile.Backend,
        applied: HAProxyFile.Backend?,
        running: [RunningServer]?,
        drained: Set<RuntimeCommand.Target> = [],
        isNew: Bool = false
    ) {
        guard let running else {
            reloadReason = "HAProxy has no backend \(wanted.name)"
            return
        }
        let before = applied?.byName
        let names = Set(wanted.servers.map(\.name))
        let known = Dictionary(running.map { ($0.name, $0) }) { first, _ in first }
        for server in running where !names.contains(server.name) {
            let target = RuntimeCommand.Target(backend: wanted.name, server: server.name)
            // One that the file never named may be of an earlier run, or added by hand; it cannot be addressed
            // when its name is not one of ours.
            guard HAProxyName.isSpelled(server.name) else { continue }
            leaving.append(target)
            if server.admin.isDisjoint(with: .set) { commands.append(.drain(target)) }
        }
        for server in wanted.servers {
            let target = RuntimeCommand.Target(backend: wanted.name, server: server.name)
            if let found = known[server.name] {
                let isUnknown = before == nil || drained.contains(target)
                compare(server, found, target, before?[server.name], isUnknown, isNew)
            } else {
                add(server, target, beside: running)
            }
        }
    }

    /// Joins what was found for several backends.
    init(_ parts: [RuntimeDifference] = []) {
        for part in parts {
            commands += part.commands
            reloadReason = reloadReason ?? part.reloadReason
            setByHand += part.setByHand
            leaving += part.leaving
        }
    }

    private mutating func compare(
        _ server: HAProxyFile.Server,
        _ found: RunningServer,
        _ target: RuntimeCommand.Target,
        _ before: HAProxyFile.Server?,
        _ isUnknown: Bool,
        _ isNew: Bool
    ) {
        if server.address.family == .name {
            if found.hostName != server.address || found.port != server.port {
                reloadReason = reloadReason ?? "\(target) has a host name"
            }
        } else if found.address != server.address || found.port != server.port {
            commands.append(.readdress(target, server.address, server.port))
        }
        // Its owner is back, or it is another server under an old name.
        let hasReturned =
            isUnknown || before == nil
            || (before?.address, before?.port) != (server.address, server.port)
        if found.weight != server.weight {
            if hasReturned || isNew || before?.weight != server.weight {
                commands.append(.weigh(target, server.weight))
            } else {
                setByHand.append(SetByHand(target, .weight(found.weight, inFile: server.weight)))
            }
        }
        if !found.admin.isDisjoint(with: .set) {
            if hasReturned {
                commands.append(.ready(target))
            } else {
                let state = found.admin.contains(.maintenance) ? "maint" : "drain"
                setByHand.append(SetByHand(target, .state(state)))
            }
        }
        if found.check.contains(.configured), !found.check.contains(.enabled) {
            if hasReturned {
                commands.append(.enableCheck(target))
            } else {
                setByHand.append(SetByHand(target, .checkDisabled))
            }
        }
    }

    private mutating func add(
        _ server: HAProxyFile.Server,
        _ target: RuntimeCommand.Target,
        beside running: [RunningServer]
    ) {
        if server.address.family == .name {
            reloadReason = reloadReason ?? "\(target) has a host name"
            return
        }
        // What the process loaded from the file it took from `default-server` too; what is added does not.
        let isChecked = server.options.contains("check")
        if !isChecked, running.contains(where: { $0.check.contains(.configured) }) {
            reloadReason =
                reloadReason
                ?? "servers of \(target.backend) are checked by default-server, which a server that is added does "
                + "not take over: set server_options = \"check\""
            return
        }
        if !server.options.contains("ssl"), running.contains(where: \.usesTLS) {
            reloadReason =
                reloadReason
                ?? "servers of \(target.backend) use TLS by default-server, which a server that is added does not "
                + "take over: put it into server_options"
            return
        }
        commands.append(.add(target, server))
        if isChecked { commands.append(.enableCheck(target)) }
        if server.options.contains("agent-check") { commands.append(.enableAgent(target)) }
        commands.append(.ready(target))
    }
}

/// Something of a server that an administrator set by hand, and that therefore stays.
struct SetByHand: Hashable, Sendable, CustomStringConvertible {
    enum Setting: Hashable, Sendable {
        case weight(Int, inFile: Int)
        /// `maint` or `drain`.
        case state(String)
        case checkDisabled
    }

    let target: RuntimeCommand.Target
    let setting: Setting

    init(_ target: RuntimeCommand.Target, _ setting: Setting) {
        self.target = target
        self.setting = setting
    }

    var description: String {
        switch setting {
        case .weight(let weight, let file): "\(target) has weight \(weight), in the file \(file)"
        case .state(let state): "\(target) is in state \(state)"
        case .checkDisabled: "the check of \(target) is disabled"
        }
    }
}
