import Texts

/// The difference between a backend in the file and in HAProxy's process: the commands that end it, what takes a
/// reload, and what is left as somebody else set it.
///
/// What discoveryd itself changes is set: whatever differs between the file that was applied last and the one there is
/// now. A weight or a state that differs although the file did not change was set by hand, and is left.
struct RuntimeDifference: Equatable, Sendable {
    /// The facts that are known beside file and process.
    struct Knowledge: Equatable, Sendable {
        /// The file whose servers the process was brought to last; `nil` when that is not known. Then a reload follows,
        /// and only what harms nobody is set.
        var told: HAProxyFile?
        /// The servers whose state discoveryd itself set: they drain, or are being added.
        var ours: Set<RuntimeCommand.Target> = []
        /// The servers that stood in a file of this run.
        var named: Set<RuntimeCommand.Target> = []
        /// Whether the process has just loaded a file: nobody set a weight in it by hand.
        var isNew = false
    }

    /// The commands that add servers, change them and make them ready. To be sent before any server drains.
    var commands: [RuntimeCommand] = []
    /// Servers that have left and still get sessions, where others serve.
    var drains: [RuntimeCommand] = []
    /// The same where those that are to serve come with ``commands``.
    var lastDrains: [RuntimeCommand] = []
    /// The reason why a reload is needed; `nil` when none is.
    var reloadReason: String?
    /// The settings that were made by hand.
    var setByHand: [SetByHand] = []
    /// The servers that are in the process and no longer in the file, and are to be deleted.
    var leaving: [RuntimeCommand.Target] = []

    /// Compares one backend.
    ///
    /// - Parameters:
    ///   - wanted: As the file says it.
    ///   - running: As the process has it; `nil` when it has no such backend.
    init(_ wanted: HAProxyFile.Backend, running: [RunningServer]?, _ knowledge: Knowledge) {
        guard let running else {
            reloadReason = "HAProxy has no backend \(wanted.name)"
            return
        }
        let before = knowledge.told?.backend(wanted.name)?.byName
        let known = Dictionary(running.map { ($0.name, $0) }) { first, _ in first }
        for server in wanted.servers {
            let target = RuntimeCommand.Target(backend: wanted.name, server: server.name)
            if let found = known[server.name] {
                compare(server, found, target, before?[server.name], knowledge)
            } else {
                add(server, target, beside: running)
            }
        }
        leave(wanted, running, before, knowledge)
    }

    /// Joins what was found for several backends.
    init(_ parts: [RuntimeDifference] = []) {
        for part in parts {
            commands += part.commands
            drains += part.drains
            lastDrains += part.lastDrains
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
        _ knowledge: Knowledge
    ) {
        if server.address.family == .name {
            if found.hostName != server.address || found.port != server.port {
                reloadReason = reloadReason ?? "\(target) has a host name"
            }
        } else if found.address != server.address || found.port != server.port {
            commands.append(.readdress(target, server.address, server.port))
        }
        let isKnown = knowledge.told != nil
        // Its owner is back, or it is another server under an old name.
        let hasReturned =
            knowledge.ours.contains(target)
            || isKnown
                && before.map { ($0.address, $0.port) != (server.address, server.port) } ?? true
        let followsAgent = server.options.contains("agent-check")
        if found.weight != server.weight {
            let isOurs =
                hasReturned || !isKnown || before?.weight != server.weight
                || knowledge.isNew && !followsAgent
            if isOurs {
                commands.append(.weigh(target, server.weight))
            } else if !followsAgent {
                setByHand.append(SetByHand(target, .weight(found.weight, inFile: server.weight)))
            }
        }
        if found.isOutOfService {
            if hasReturned {
                commands.append(.ready(target))
            } else if !followsAgent {
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
        if hasReturned, found.agent.contains(.configured), !found.agent.contains(.enabled) {
            commands.append(.enableAgent(target))
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

    /// Compares the servers that are in the process and not in the file.
    private mutating func leave(
        _ wanted: HAProxyFile.Backend,
        _ running: [RunningServer],
        _ before: [String: HAProxyFile.Server]?,
        _ knowledge: Knowledge
    ) {
        let names = wanted.byName
        for server in running where names[server.name] == nil {
            // Another one cannot be addressed safely; and it is none of ours.
            guard HAProxyName.isSpelled(server.name) else { continue }
            let target = RuntimeCommand.Target(backend: wanted.name, server: server.name)
            let isOurs =
                knowledge.named.contains(target) || knowledge.ours.contains(target)
                || before?[server.name] != nil
            guard isOurs || server.isOutOfService else {
                setByHand.append(SetByHand(target, .unknown))
                continue
            }
            leaving.append(target)
            if !server.isOutOfService { drains.append(.drain(target)) }
        }
        let isServed = running.contains { server in
            names[server.name] != nil && server.weight > 0 && !server.isOutOfService
        }
        guard !isServed else { return }
        // Where those that are to take their place come with the reload, they serve on until then.
        lastDrains = reloadReason == nil ? drains : []
        drains = []
    }
}

/// Something of a server that was set by hand, and that therefore stays.
struct SetByHand: Hashable, Sendable, CustomStringConvertible {
    enum Setting: Hashable, Sendable {
        case weight(Int, inFile: Int)
        /// `maint` or `drain`.
        case state(String)
        case checkDisabled
        /// It was never in a file of ours.
        case unknown
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
        case .unknown: "\(target) is not in the file"
        }
    }
}
