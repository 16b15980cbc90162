import Machines
import Programs

/// One file, and how far HAProxy's process has come with it.
struct RuntimeState: Sendable {
    /// Where it is. The numbers tell the outcome of one step from that of another.
    enum Step: Equatable, Sendable {
        /// The file of an earlier run has not been read yet. Can go to `idle`.
        case unread
        /// Nothing is under way. Can go to `looking`.
        case idle
        /// File and process are looked at. Can go to `idle`, `sending`, `checking`.
        case looking(number: Int)
        /// Commands are on their way. Can go to `looking`, `idle`, `checking`.
        case sending(number: Int)
        /// The output's check looks at the file before a reload. Can go to `idle`.
        case checking(number: Int)
    }

    /// Why the process is not what the file says, until it is.
    private enum Trouble: Equatable {
        case unreachable(RuntimeFault)
        case reloading(String)
        case refused(ProgramFault)
        case different(String)
    }

    /// How often file and process are compared although nothing has changed: an administrator may have reloaded
    /// HAProxy, or set something by hand.
    private static let compareEvery = Duration.seconds(10)
    /// How soon after a server began to drain its connections are counted.
    private static let firstCount = Duration.milliseconds(500)
    /// The longest time between two tries to delete servers that still have connections.
    private static let longestPause = Duration.seconds(10)
    /// How soon it is looked again whether HAProxy has started; doubled each time.
    private static let firstPauseWhenGone = Duration.milliseconds(250)
    /// For how long a HAProxy that is not there may be about to start, and load the file by itself, before a reload is
    /// asked for.
    private static let startTime = Duration.seconds(2)
    /// For how long a HAProxy may be away, as while it restarts, before that is said.
    private static let restartTime = Duration.seconds(10)
    /// How often commands are sent in one round before that is given up.
    private static let mostSends = 3
    /// How many settings are named in a report.
    private static let mostNamed = 5

    let output: RuntimeOutput
    private(set) var step = Step.unread
    /// The file that the process was brought to last; `nil` when that is not known.
    private var applied: HAProxyFile?
    private var process: HAProxyProcess?
    /// Whether the process is another one than at the last comparison: it has loaded the file by itself.
    private var isNew = false
    /// Whether nobody was there to be asked; the file at that time is the oldest that the next process can have loaded.
    private var isGone = false
    private var oldestLoaded: HAProxyFile?
    /// When nobody was there for the first time, and how soon it is looked again.
    private var goneSince: Duration?
    private var pauseWhenGone = firstPauseWhenGone
    /// How often the file was replaced, and up to which of these times it was looked at and applied.
    private var replaced = 0
    private var looking = 0
    private var done = 0
    /// Whether a program has accepted the file as it is.
    private var isChecked = false
    /// Whether a reload was asked for that has not ended.
    private var isReloadAsked = false
    /// The file that a reload was asked for.
    private var reloadingTo: HAProxyFile?
    /// For which replacement the last reload was asked.
    private var reloadedFor: Int?
    private var sends = 0
    private var commands = 0
    private var refusal: String?
    private var trouble: Trouble?
    private var lastUnreachable: RuntimeFault?
    private var setByHand: [SetByHand] = []
    /// Servers that are to be deleted, with the instant at which they began to drain.
    private var leaving: [RuntimeCommand.Target: Duration] = [:]
    private var deleting: Set<RuntimeCommand.Target> = []
    /// Servers that we had drain or put into maintenance, until they are seen in service or gone.
    private var drained: Set<RuntimeCommand.Target> = []
    private var pause = firstCount
    private var nextDeletion: Duration?
    /// Whether the look under way counts connections, so that servers may be deleted.
    private var isDeleting = false
    private var nextComparison: Duration

    init(_ output: RuntimeOutput, at now: Duration) {
        self.output = output
        nextComparison = now
    }

    var status: RuntimeStatus {
        switch trouble {
        case .unreachable(let fault): .unreachable(fault)
        case .reloading(let reason): .reloading(reason)
        case .refused(let fault): .different(fault.message)
        case .different(let reason): .different(reason)
        case nil:
            if replaced > done {
                .applying
            } else if process == nil {
                .pending
            } else {
                .current(leaving: leaving.count, setByHand: setByHand.map(\.description))
            }
        }
    }

    // MARK: what has happened

    mutating func earlierFileFound(_ file: HAProxyFile?, isOwed: Bool, at now: Duration) {
        guard step == .unread else { return }
        step = .idle
        if isOwed { replaced += 1 } else { applied = file }
        nextComparison = now
    }

    mutating func fileReplaced(isChecked: Bool, at now: Duration) {
        replaced += 1
        self.isChecked = isChecked
        nextComparison = now
    }

    /// HAProxy has loaded the file.
    mutating func reloaded(at now: Duration) {
        if let loaded = reloadingTo { applied = loaded }
        reloadingTo = nil
        isReloadAsked = false
        isNew = true
        nextComparison = now
    }

    // MARK: looking

    /// When file and process are to be looked at.
    var deadline: Duration? {
        guard step == .idle else { return nil }
        return nextDeletion.map { min($0, nextComparison) } ?? nextComparison
    }

    mutating func beginLook(_ number: Int, at now: Duration) -> RuntimeMachine.Action {
        sends = 0
        commands = 0
        refusal = nil
        return look(number, at: now)
    }

    private mutating func look(_ number: Int, at now: Duration) -> RuntimeMachine.Action {
        step = .looking(number: number)
        // What is sent for a newer file is no second try.
        if replaced > looking { sends = 0 }
        looking = replaced
        nextComparison = now + Self.compareEvery
        isDeleting = nextDeletion.map { $0 <= now } ?? false
        if isDeleting {
            pause = min(pause * 2, Self.longestPause)
            let ends = leaving.values.map { $0 + output.drainBeforeDelete }.filter { $0 > now }
            nextDeletion = min(now + pause, ends.min() ?? now + pause)
        }
        return .look(output, connections: isDeleting, number: number)
    }

    mutating func looked(
        _ file: HAProxyFile?,
        _ result: Result<RuntimeLook, RuntimeFault>,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        switch result {
        case .failure(let fault):
            if fault.code == .notRunning {
                (process, isGone, oldestLoaded) = (nil, true, file)
                nextComparison = min(nextComparison, now + pauseWhenGone)
                pauseWhenGone = min(pauseWhenGone * 2, Self.compareEvery)
            }
            return failed(fault, next: number, at: now)
        case .success(let look): return reachable() + compare(file, look, next: number, at: now)
        }
    }

    private mutating func compare(
        _ file: HAProxyFile?,
        _ look: RuntimeLook,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        var actions: [RuntimeMachine.Action] = []
        if isGone || process.map({ !look.process.isSame(as: $0) }) ?? false {
            isNew = true
            // It has loaded the file, with all that only a reload can change.
            if reloadingTo == nil, replaced == done {
                applied = file
            } else if isGone {
                applied = oldestLoaded
            }
            actions.append(.report(.processChanged(path: output.path, pid: look.process.pid)))
        }
        isGone = false
        process = look.process
        guard let file else {
            step = .idle
            // Before the first list there may be no file, or one of somebody else's.
            guard replaced > done else { return actions }
            done = looking
            let reason = "\(output.path) is not a file that discoveryd wrote for HAProxy"
            return actions + differs(reason)
        }
        var difference = RuntimeDifference(
            file.backends.map { backend in
                RuntimeDifference(
                    backend,
                    applied: applied?.backend(backend.name),
                    running: look.servers[backend.name],
                    drained: drained,
                    isNew: isNew
                )
            }
        )
        if let reason = applied.map({ HAProxyFile.reloadReason(from: $0, to: file) })
            ?? "it is not known which file HAProxy has loaded"
        {
            difference.reloadReason = difference.reloadReason ?? reason
        }
        actions += note(difference.leaving, look, at: now)
        guard difference.commands.isEmpty else {
            guard sends < Self.mostSends else {
                let answer = refusal.map { ": \($0)" } ?? ""
                return actions
                    + reload(
                        to: file,
                        "HAProxy did not do '\(difference.commands[0].text)'\(answer)",
                        next: number
                    )
            }
            sends += 1
            commands += difference.commands.count
            for case .drain(let target) in difference.commands { drained.insert(target) }
            step = .sending(number: number)
            return actions + [.send(output, difference.commands, number: number)]
        }
        let deletions = deletions(look, at: now)
        guard deletions.isEmpty else {
            step = .sending(number: number)
            return actions + [.send(output, deletions, number: number)]
        }
        if let reason = difference.reloadReason {
            return actions + reload(to: file, reason, next: number)
        }
        return actions + finished(file, difference.setByHand)
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

    // MARK: servers that leave

    /// Servers are in the process that the file does not name.
    private mutating func note(
        _ targets: [RuntimeCommand.Target],
        _ look: RuntimeLook,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        let before = leaving
        leaving = Dictionary(targets.map { ($0, before[$0] ?? now) }) { first, _ in first }
        // One that is still there has returned to the file.
        let gone = deleting.subtracting(targets).count { target in
            look.servers[target.backend]?.contains { $0.name == target.server } != true
        }
        deleting.formIntersection(targets)
        drained = drained.filter { target in
            let running = look.servers[target.backend]?.first { $0.name == target.server }
            return running.map { !$0.admin.isDisjoint(with: .set) } ?? false
        }
        if leaving.isEmpty {
            nextDeletion = nil
            pause = Self.firstCount
        } else if nextDeletion == nil || leaving.keys.contains(where: { before[$0] == nil }) {
            pause = Self.firstCount
            nextDeletion = now + pause
        }
        return gone > 0 ? [.report(.deleted(path: output.path, servers: gone))] : []
    }

    /// The commands for those that may go now: without connections, or drained for long enough.
    private mutating func deletions(_ look: RuntimeLook, at now: Duration) -> [RuntimeCommand] {
        guard isDeleting else { return [] }
        var result: [RuntimeCommand] = []
        for target in leaving.keys.sorted(by: { $0.description < $1.description }) {
            guard
                let running = look.servers[target.backend]?.first(where: {
                    $0.name == target.server
                }),
                let since = leaving[target]
            else { continue }
            let used = look.connections[target.backend]?[target.server] ?? 0
            guard used == 0 || since + output.drainBeforeDelete <= now else { continue }
            if !running.admin.contains(.maintenance) { result.append(.maintain(target)) }
            drained.insert(target)
            result.append(.delete(target))
            deleting.insert(target)
        }
        return result
    }

    // MARK: the end of a round

    private mutating func finished(
        _ file: HAProxyFile,
        _ found: [SetByHand]
    ) -> [RuntimeMachine.Action] {
        step = .idle
        applied = file
        isNew = false
        let wasOwed = done < looking || trouble != nil
        done = looking
        trouble = nil
        reloadingTo = nil
        var actions: [RuntimeMachine.Action] = []
        if isReloadAsked { actions.append(.cancelReload(path: output.path)) }
        isReloadAsked = false
        if replaced == done, wasOwed { actions.append(.settle(path: output.path)) }
        if commands > 0 { actions.append(.report(.applied(path: output.path, commands: commands))) }
        if found != setByHand {
            setByHand = found
            let named = found.prefix(Self.mostNamed).map(\.description)
            actions.append(
                .report(.setByHand(path: output.path, named, more: found.count - named.count))
            )
        }
        if replaced > done { nextComparison = .zero }
        return actions
    }

    /// Only a reload brings the process to the file; once for each file.
    private mutating func reload(
        to file: HAProxyFile,
        _ reason: String,
        next number: Int
    ) -> [RuntimeMachine.Action] {
        step = .idle
        done = looking
        if replaced > done { nextComparison = .zero }
        if let asked = reloadingTo, refusal == nil,
            HAProxyFile.reloadReason(from: asked, to: file) == nil
        {
            // What is newer than the file that the reload was asked for can be told.
            return []
        }
        if reloadedFor == looking {
            // Asked for already: it may still be to come, or it did not help.
            return reloadingTo == nil ? differs(reason) : []
        }
        reloadedFor = looking
        reloadingTo = file
        trouble = .reloading(reason)
        return [.report(.reloadNeeded(path: output.path, reason: reason))] + check(next: number)
    }

    private mutating func check(next number: Int) -> [RuntimeMachine.Action] {
        guard let check = output.check, !isChecked else { return askForReload() }
        step = .checking(number: number)
        return [.check(path: output.path, check.about(output.path), number: number)]
    }

    private mutating func askForReload() -> [RuntimeMachine.Action] {
        isReloadAsked = true
        return [.reload(path: output.path)]
    }

    mutating func checked(_ fault: ProgramFault?, at now: Duration) -> [RuntimeMachine.Action] {
        step = .idle
        guard let fault else { return askForReload() }
        reloadingTo = nil
        guard trouble != .refused(fault) else { return [] }
        trouble = .refused(fault)
        return [.report(.reloadRefused(path: output.path, fault))]
    }

    private mutating func differs(_ reason: String) -> [RuntimeMachine.Action] {
        step = .idle
        if case .refused = trouble { return [] }
        guard trouble != .different(reason) else { return [] }
        trouble = .different(reason)
        return [.report(.different(path: output.path, reason: reason))]
    }

    /// HAProxy cannot be asked: what the file has new takes a reload.
    private mutating func failed(
        _ fault: RuntimeFault,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        step = .idle
        trouble = .unreachable(fault)
        let since = goneSince ?? now
        goneSince = since
        var isNews = lastUnreachable?.code != fault.code
        if fault.code == .notRunning, now < since + Self.restartTime { isNews = false }
        if isNews { lastUnreachable = fault }
        let report: [RuntimeMachine.Action] =
            isNews ? [.report(.unreachable(path: output.path, fault))] : []
        guard done < looking, reloadedFor != looking else { return report }
        if fault.code == .notRunning, now < since + Self.startTime { return report }
        done = looking
        reloadedFor = looking
        return report + check(next: number)
    }

    private mutating func reachable() -> [RuntimeMachine.Action] {
        goneSince = nil
        pauseWhenGone = Self.firstPauseWhenGone
        if case .unreachable = trouble { trouble = nil }
        guard lastUnreachable != nil else { return [] }
        lastUnreachable = nil
        return [.report(.reachable(path: output.path))]
    }
}
