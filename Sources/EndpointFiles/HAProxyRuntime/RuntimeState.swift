import Machines
import Programs

/// One file, and how far HAProxy's process has come with it.
struct RuntimeState: Sendable {
    /// The stage of a round. The numbers tell the outcome of one step from that of another.
    enum Step: Equatable, Sendable {
        /// The file of an earlier run has not been read yet. Can go to `idle`.
        case unread
        /// Nothing is under way. Can go to `looking`.
        case idle
        /// File and process are looked at. Can go to `idle`, `sending`.
        case looking(number: Int)
        /// Commands are on their way. Can go to `looking`, `idle`.
        case sending(number: Int)
    }

    /// The time between two comparisons of file and process although nothing has changed: an administrator may have
    /// reloaded HAProxy, or set something by hand.
    private static let compareEvery = Duration.seconds(10)
    /// The same after a change was told: to a process that was just being replaced it was told in vain.
    private static let compareAgain = Duration.seconds(1)
    /// The time between two looks for a new process after a reload.
    private static let lookForNewProcess = Duration.milliseconds(200)
    /// The number of times that the same commands are sent before that is given up.
    private static let mostSends = 3
    /// The number of settings that are named in a report.
    private static let mostNamed = 5
    /// The number of servers' names that are remembered.
    private static let mostNames = 20_000

    let output: RuntimeOutput
    private(set) var step = Step.unread
    private var reload: RuntimeReload
    private var deletions: ServerDeletions
    private var outage = RuntimeOutage()
    /// The facts that discoveryd knows of the servers beside file and process.
    private var knowledge = RuntimeDifference.Knowledge()

    /// The file that the process loaded, as far as only a reload changes that; `nil` when that is not known.
    private var loaded: HAProxyFile?
    /// The file as it was read last, and when one was read that takes a reload of whoever loaded the one before.
    private var lastFile: HAProxyFile?
    private var lastStructural = Duration.zero
    /// When the file was read that is looked at, by the clock of ``ReloadMark``.
    private var readAt = Duration.zero
    /// The process that answered last; `nil` when nobody was there, which `isGone` says too.
    private var process: HAProxyProcess?
    private var isGone = false

    /// The number of replacements of the file, and up to which of them it was looked at and dealt with.
    private var replaced = 0
    private var looking = 0
    private var done = 0
    /// Whether something was not applied yet, so that the mark beside the file has to stay.
    private var isOwed = false
    /// Whether a program has accepted the file as it is.
    private var isChecked = false

    /// The commands that were sent last in this round, how often, how many in all, and what HAProxy said against them.
    private var lastCommands: [RuntimeCommand] = []
    private var sends = 0
    private var told = 0
    private var refusal: String?
    private var setByHand: [SetByHand] = []
    private var nextComparison: Duration

    init(_ output: RuntimeOutput, at now: Duration) {
        self.output = output
        reload = RuntimeReload(output)
        deletions = ServerDeletions(output)
        nextComparison = now
    }

    var status: RuntimeStatus {
        if let fault = outage.fault { return .unreachable(fault) }
        if let status = reload.status { return status }
        if replaced > done { return .applying }
        guard process != nil else { return .pending }
        return .current(leaving: deletions.count, setByHand: setByHand.map(\.description))
    }

    // MARK: what has happened

    mutating func earlierFileFound(_ file: HAProxyFile?, isOwed: Bool, at now: Duration) {
        guard step == .unread else { return }
        step = .idle
        if isOwed {
            replaced += 1
            self.isOwed = true
        } else {
            (loaded, knowledge.told) = (file, file)
        }
        lastFile = file
        nextComparison = now
    }

    mutating func fileReplaced(isChecked: Bool, at now: Duration) {
        replaced += 1
        isOwed = true
        self.isChecked = isChecked
        nextComparison = now
    }

    /// HAProxy is said to have loaded the file.
    mutating func reloaded(at now: Duration) {
        if reload.ended(at: now) { nextComparison = now }
    }

    // MARK: looking

    /// When file and process are to be looked at.
    var deadline: Duration? {
        guard step == .idle else { return nil }
        return [nextComparison, deletions.deadline, reload.deadline].compactMap { $0 }.min()
    }

    mutating func beginLook(_ number: Int, at now: Duration) -> RuntimeMachine.Action {
        lastCommands = []
        told = 0
        refusal = nil
        return look(number, at: now)
    }

    private mutating func look(_ number: Int, at now: Duration) -> RuntimeMachine.Action {
        step = .looking(number: number)
        looking = replaced
        nextComparison = now + Self.compareEvery
        reload.lookBegan(at: now)
        deletions.lookBegan(at: now)
        return .look(output, connections: deletions.isCounting, number: number)
    }

    mutating func looked(
        _ reading: RuntimeReading,
        _ result: Result<RuntimeLook, RuntimeFault>,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        readAt = reading.time
        if let file = reading.file {
            if let before = lastFile, HAProxyFile.reloadReason(from: before, to: file) != nil {
                lastStructural = now
            }
            lastFile = file
        }
        switch result {
        case .failure(let fault): return failed(fault, next: number, at: now)
        case .success(let look):
            return reachable() + compare(reading.file, look, next: number, at: now)
        }
    }

    private mutating func compare(
        _ file: HAProxyFile?,
        _ look: RuntimeLook,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        var actions = processSeen(look.process, file, at: now)
        guard let file else {
            step = .idle
            deletions.lookFailed(at: now)
            // Before the first list there may be no file, or one of somebody else's.
            guard replaced > done else { return actions }
            done = looking
            let reason = "\(output.path) is not a file that discoveryd wrote for HAProxy"
            return actions + reload.differs(reason, at: looking)
        }
        remember(file)
        var difference = RuntimeDifference(
            file.backends.map { backend in
                RuntimeDifference(backend, running: look.servers[backend.name], knowledge)
            }
        )
        let reason =
            loaded.map { HAProxyFile.reloadReason(from: $0, to: file) }
            ?? "it is not known which file HAProxy has loaded"
        difference.reloadReason = difference.reloadReason ?? reason
        let (deleted, deletions) = noteLeaving(difference.leaving, look, at: now)
        actions += deleted
        sends = difference.commands == lastCommands ? sends + 1 : 1
        lastCommands = difference.commands
        // Those that serve come before those that leave are sent away; what is refused holds up no others.
        let isStuck = sends > Self.mostSends && !difference.commands.isEmpty
        let commands =
            isStuck
            ? difference.drains
            : difference.commands.isEmpty
                ? difference.drains + difference.lastDrains : difference.commands
        if isStuck, commands.isEmpty, let first = difference.commands.first {
            let answer = refusal.map { ": \($0)" } ?? ""
            let reason = "HAProxy did not do '\(first.text)'\(answer)"
            return actions + takesReload(to: file, reason, isRefused: true, next: number, at: now)
        }
        guard commands.isEmpty, deletions.isEmpty else {
            told += commands.count
            own(commands + deletions)
            step = .sending(number: number)
            return actions + [.send(output, commands + deletions, number: number)]
        }
        // What differs from now on was set by somebody else.
        (knowledge.told, knowledge.isNew) = (file, false)
        if let reason = difference.reloadReason {
            return actions + takesReload(to: file, reason, isRefused: false, next: number, at: now)
        }
        if case .done = reload.state {
            // The process that is to be replaced has all that shows of the file; what does not show it may lack.
            step = .idle
            return actions
        }
        return actions + finished(file, difference.setByHand, at: now)
    }

    /// Takes in which process answers.
    private mutating func processSeen(
        _ seen: HAProxyProcess,
        _ file: HAProxyFile?,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        let isOther = process.map { !seen.isSame(as: $0) } ?? isGone
        if isOther {
            knowledge.isNew = true
            // It has loaded one of the files that were there since it started.
            loaded = seen.startedAfter > lastStructural || lastStructural == .zero ? file : nil
        }
        (process, isGone) = (seen, false)
        switch reload.answered(seen, isOther: isOther, at: now) {
        case .none: break
        // The run began after that file was there.
        case .loaded(let file): loaded = loaded ?? file
        case .waiting: nextComparison = now + Self.lookForNewProcess
        case .unchanged:
            let reason = "HAProxy was reloaded, and its process is still the one before"
            return reload.differs(reason, at: looking)
        }
        return isOther ? [.report(.processChanged(path: output.path, pid: seen.pid))] : []
    }

    private mutating func remember(_ file: HAProxyFile) {
        var names = Set<RuntimeCommand.Target>()
        for backend in file.backends {
            for server in backend.servers {
                names.insert(.init(backend: backend.name, server: server.name))
            }
        }
        if knowledge.named.count > Self.mostNames { knowledge.named = [] }
        knowledge.named.formUnion(names)
    }

    /// The state of these servers is ours, until they are seen in service or gone.
    private mutating func own(_ commands: [RuntimeCommand]) {
        for command in commands {
            switch command {
            case .add(let target, _), .drain(let target), .maintain(let target):
                knowledge.ours.insert(target)
            case .delete, .enableCheck, .enableAgent, .weigh, .readdress, .ready: break
            }
        }
    }

    mutating func sent(
        _ result: Result<[String], RuntimeFault>,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        switch result {
        case .failure(let fault): return failed(fault, next: number, at: now)
        case .success(let answers):
            refusal = answers.first ?? refusal
            return [look(number, at: now)]
        }
    }

    /// Servers are in the process that the file does not name.
    ///
    /// - Returns: The report of those that are gone, and the commands for those that may go now.
    private mutating func noteLeaving(
        _ targets: [RuntimeCommand.Target],
        _ look: RuntimeLook,
        at now: Duration
    ) -> ([RuntimeMachine.Action], [RuntimeCommand]) {
        let running = look.servers(
            knowledge.ours.union(deletions.targets).union(targets)
        )
        let deleted = deletions.noted(targets, running, at: now)
        knowledge.ours = knowledge.ours.filter { running[$0]?.isOutOfService ?? false }
        let report: [RuntimeMachine.Action] =
            deleted > 0 ? [.report(.deleted(path: output.path, servers: deleted))] : []
        return (report, deletions.commands(running, look.connections, at: now))
    }

    // MARK: the end of a round

    private mutating func finished(
        _ file: HAProxyFile,
        _ found: [SetByHand],
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        step = .idle
        loaded = file
        done = looking
        var actions = reload.becameNeedless()
        if replaced > done {
            nextComparison = now
        } else if isOwed {
            isOwed = false
            actions.append(.settle(path: output.path, readAt: readAt))
        }
        if told > 0 {
            nextComparison = min(nextComparison, now + Self.compareAgain)
            actions.append(.report(.applied(path: output.path, commands: told)))
        }
        if found != setByHand {
            setByHand = found
            let named = found.prefix(Self.mostNamed).map(\.description)
            actions.append(
                .report(.setByHand(path: output.path, named, more: found.count - named.count))
            )
        }
        return actions
    }

    /// Only a reload brings the process to the file.
    ///
    /// - Parameter isRefused: Whether HAProxy refuses to do it without one.
    private mutating func takesReload(
        to file: HAProxyFile,
        _ reason: String,
        isRefused: Bool,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        step = .idle
        done = looking
        if replaced > done { nextComparison = now }
        return reload.needed(request(reason, file), isRefused: isRefused, number: number)
    }

    private func request(_ reason: String, _ file: HAProxyFile?) -> RuntimeReload.Request {
        RuntimeReload.Request(
            reason: reason,
            file: file,
            process: process,
            replaced: looking,
            isChecked: isChecked
        )
    }

    mutating func checked(
        _ fault: ProgramFault?,
        number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        guard let end = reload.checked(fault, number: number, replaced: replaced, at: now) else {
            return []
        }
        if let request = end.overtaken {
            nextComparison = now
            if end.isGivenUp { done = min(done, request.replaced - 1) }
        }
        return end.actions
    }

    /// HAProxy cannot be asked: what the file has new takes a reload.
    private mutating func failed(
        _ fault: RuntimeFault,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        step = .idle
        if fault.code == .notRunning { (process, isGone) = (nil, true) }
        deletions.lookFailed(at: now)
        let (isNews, mayReload, pause) = outage.failed(fault, at: now)
        nextComparison = now + pause
        let report: [RuntimeMachine.Action] =
            isNews ? [.report(.unreachable(path: output.path, fault))] : []
        guard mayReload,
            let actions = reload.neededWhileAway(
                request(fault.message, lastFile),
                isNew: done < looking,
                number: number
            )
        else { return report }
        done = looking
        return report + actions
    }

    private mutating func reachable() -> [RuntimeMachine.Action] {
        outage.ended() ? [.report(.reachable(path: output.path))] : []
    }
}
