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
        /// File and process are looked at. Can go to `idle`, `sending`.
        case looking(number: Int)
        /// Commands are on their way. Can go to `looking`, `idle`.
        case sending(number: Int)
    }

    /// How far the reload is that the file takes.
    enum Reload: Equatable, Sendable {
        /// None is needed. Can go to `checking`, `asked`, `unhelpful`.
        case none
        /// The output's check looks at the file. Can go to `asked`, `refused`; to `none` when the process turns out to
        /// have all of it.
        case checking(Request, number: Int)
        /// It was asked for. Can go to `done`; to `none` when the process turns out to have all of the file.
        case asked(Request)
        /// It is said to be done, and a new process is waited for: `systemctl reload` may end before there is one. Can go
        /// to `none`, `checking`, `asked`, `unhelpful`.
        case done(Request, until: Duration)
        /// The check rejected the file; it is asked again. Can go to `none`, `checking`, `asked`.
        case refused(ProgramFault, until: Duration)
        /// It was done, and did not help. Can go to `none`; to `checking`, `asked` when the file is replaced.
        case unhelpful(String)
    }

    /// A reload that was asked for.
    struct Request: Equatable, Sendable {
        var reason: String
        /// The file that it was asked for.
        var file: HAProxyFile?
        /// The process that it is to replace; `nil` when nobody was there.
        var process: HAProxyProcess?
        /// How often the file had been replaced by then.
        var replaced: Int
    }

    /// How often file and process are compared although nothing has changed: an administrator may have reloaded
    /// HAProxy, or set something by hand.
    private static let compareEvery = Duration.seconds(10)
    /// The same after a change was told: to a process that was just being replaced it was told in vain.
    private static let compareAgain = Duration.seconds(1)
    /// How often a new process is looked for after a reload, and for how long.
    private static let newProcess = (
        every: Duration.milliseconds(200), within: Duration.seconds(30)
    )
    /// How soon after a server began to drain its connections are counted.
    private static let firstCount = Duration.milliseconds(500)
    /// The longest time between two tries to delete servers that still have connections.
    private static let longestPause = Duration.seconds(10)
    /// How soon HAProxy is asked again that could not be; doubled each time.
    private static let firstRetry = Duration.milliseconds(250)
    /// For how long a HAProxy that is not there may be about to start, and load the file by itself, before a reload is
    /// asked for.
    private static let startTime = Duration.seconds(2)
    /// For how long a HAProxy may be away, as while it restarts, before that is said.
    private static let restartTime = Duration.seconds(10)
    /// How long a file is left alone that the check rejected, or that could not be checked.
    private static let refusedFor = Duration.seconds(60)
    /// How often the same commands are sent before that is given up.
    private static let mostSends = 3
    /// How often the file may be replaced while the check looks at it, until it is reloaded all the same.
    private static let mostOvertaken = 3
    /// How many settings are named in a report.
    private static let mostNamed = 5
    /// How many names of servers are remembered.
    private static let mostNames = 20_000

    let output: RuntimeOutput
    private(set) var step = Step.unread
    private(set) var reload = Reload.none
    /// What discoveryd knows of the servers beside file and process.
    private var knowledge = RuntimeDifference.Knowledge()
    /// The file that the process loaded, as far as only a reload changes that; `nil` when that is not known.
    private var loaded: HAProxyFile?
    /// The file as it was read last, and when one was read that takes a reload of whoever loaded the one before.
    private var lastFile: HAProxyFile?
    private var lastStructural = Duration.zero
    private var process: HAProxyProcess?

    /// How often the file was replaced, and up to which of these times it was looked at and dealt with.
    private var replaced = 0
    private var looking = 0
    private var done = 0
    private var lastReplaced = Duration.zero
    /// Whether something was not applied yet, so that the mark beside the file has to stay.
    private var isOwed = false
    /// When the file was read that is looked at, by the clock of files.
    private var readAt = Duration.zero
    /// Whether a program has accepted the file as it is.
    private var isChecked = false

    /// For which replacement of the file a reload was asked last, the check rejected it, and a reload did not help.
    private var askedFor: Int?
    private var refusedFor: Int?
    private var unhelpfulFor: Int?
    /// Whether a check that rejected the file is to be asked again.
    private var isDueAgain = false
    private var lastRefusal: ProgramFault?
    /// How often the file was replaced while the check looked at it.
    private var overtaken = 0

    /// Why HAProxy cannot be asked, since when, and how soon it is asked again.
    private var unreachable: (fault: RuntimeFault, since: Duration, isSaid: Bool)?
    private var retry = firstRetry
    /// Whether nobody was there.
    private var isGone = false

    private var lastCommands: [RuntimeCommand] = []
    private var sends = 0
    private var told = 0
    private var refusal: String?
    private var setByHand: [SetByHand] = []

    /// Servers that are to be deleted and are out of service, with the instant since when; and how many are to be.
    private var leaving: [RuntimeCommand.Target: Duration] = [:]
    private var leavingCount = 0
    private var deleting: Set<RuntimeCommand.Target> = []
    private var pause = firstCount
    private var nextDeletion: Duration?
    /// Whether the look under way counts connections, so that servers may be deleted.
    private var isCounting = false
    private var nextComparison: Duration

    init(_ output: RuntimeOutput, at now: Duration) {
        self.output = output
        nextComparison = now
    }

    var status: RuntimeStatus {
        if let unreachable { return .unreachable(unreachable.fault) }
        switch reload {
        case .checking(let request, _), .asked(let request), .done(let request, _):
            return .reloading(request.reason)
        case .refused(let fault, _): return .different(fault.message)
        case .unhelpful(let reason): return .different(reason)
        case .none: break
        }
        if replaced > done { return .applying }
        guard process != nil else { return .pending }
        return .current(leaving: leavingCount, setByHand: setByHand.map(\.description))
    }

    // MARK: what has happened

    mutating func earlierFileFound(_ file: HAProxyFile?, isOwed: Bool, at now: Duration) {
        guard step == .unread else { return }
        step = .idle
        if isOwed {
            replaced += 1
            lastReplaced = now
            self.isOwed = true
        } else {
            (loaded, knowledge.told) = (file, file)
        }
        lastFile = file
        nextComparison = now
    }

    mutating func fileReplaced(isChecked: Bool, at now: Duration) {
        replaced += 1
        lastReplaced = now
        isOwed = true
        self.isChecked = isChecked
        nextComparison = now
    }

    /// HAProxy is said to have loaded the file.
    mutating func reloaded(at now: Duration) {
        guard case .asked(let request) = reload else { return }
        reload = .done(request, until: now + Self.newProcess.within)
        nextComparison = now
    }

    // MARK: looking

    /// When file and process are to be looked at.
    var deadline: Duration? {
        guard step == .idle else { return nil }
        var due = nextDeletion.map { min($0, nextComparison) } ?? nextComparison
        if case .refused(_, let until) = reload { due = min(due, until) }
        return due
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
        if case .refused(let fault, let until) = reload, until <= now {
            reload = .refused(fault, until: now + Self.refusedFor)
            isDueAgain = true
        }
        isCounting = nextDeletion.map { $0 <= now } ?? false
        return .look(output, connections: isCounting, number: number)
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
            if isCounting { delayDeletion(at: now) }
            // Before the first list there may be no file, or one of somebody else's.
            guard replaced > done else { return actions }
            done = looking
            let reason = "\(output.path) is not a file that discoveryd wrote for HAProxy"
            return actions + differs(reason)
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
        actions += note(difference.leaving, look, at: now)
        let deletions = deletions(look, at: now)
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
        if case .done = reload {
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
        if case .done(let request, let until) = reload {
            if request.process.map({ !seen.isSame(as: $0) }) ?? isOther {
                // The run began after that file was there.
                loaded = loaded ?? request.file
                reload = .none
            } else if until <= now {
                reload = .none
                return differs("HAProxy was reloaded, and its process is still the one before")
            } else {
                nextComparison = now + Self.newProcess.every
            }
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

    // MARK: servers that leave

    /// Servers are in the process that the file does not name.
    private mutating func note(
        _ targets: [RuntimeCommand.Target],
        _ look: RuntimeLook,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        let before = leaving
        let interesting = knowledge.ours.union(deleting).union(targets)
        var running: [RuntimeCommand.Target: RunningServer] = [:]
        for (backend, servers) in look.servers where !interesting.isEmpty {
            for server in servers {
                let target = RuntimeCommand.Target(backend: backend, server: server.name)
                if interesting.contains(target) { running[target] = server }
            }
        }
        leaving = [:]
        for target in targets where running[target]?.admin.isDisjoint(with: .set) == false {
            leaving[target] = before[target] ?? now
        }
        leavingCount = targets.count
        // One that is still there has returned to the file.
        let gone = deleting.subtracting(targets).count { running[$0] == nil }
        deleting.formIntersection(targets)
        knowledge.ours = knowledge.ours.filter { target in
            running[target].map { !$0.admin.isDisjoint(with: .set) } ?? false
        }
        if leaving.isEmpty {
            (nextDeletion, pause) = (nil, Self.firstCount)
        } else if leaving.keys.contains(where: { before[$0] == nil }) {
            pause = Self.firstCount
            nextDeletion = nextDeletion.map { min($0, now + pause) } ?? now + pause
        }
        return gone > 0 ? [.report(.deleted(path: output.path, servers: gone))] : []
    }

    /// The commands for those that may go now: without connections, or drained for long enough.
    private mutating func deletions(_ look: RuntimeLook, at now: Duration) -> [RuntimeCommand] {
        guard isCounting else { return [] }
        isCounting = false
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
            result.append(.delete(target))
            deleting.insert(target)
        }
        delayDeletion(at: now)
        return result
    }

    private mutating func delayDeletion(at now: Duration) {
        guard !leaving.isEmpty else { return }
        pause = min(pause * 2, Self.longestPause)
        let ends = leaving.values.map { $0 + output.drainBeforeDelete }.filter { $0 > now }
        nextDeletion = min(now + pause, ends.min() ?? now + pause)
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
        var actions: [RuntimeMachine.Action] = []
        if case .asked = reload { actions.append(.cancelReload(path: output.path)) }
        (reload, askedFor) = (.none, nil)
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

    /// Only a reload brings the process to the file; it is asked for once for each file.
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
        let request = Request(reason: reason, file: file, process: process, replaced: looking)
        switch reload {
        case .checking: return []
        case .asked(let earlier), .done(let earlier, _):
            // What is newer than the file that it was asked for can be told.
            let isIncluded =
                earlier.replaced == looking
                || !isRefused
                    && earlier.file.map { HAProxyFile.reloadReason(from: $0, to: file) == nil }
                        ?? false
            return isIncluded ? [] : ask(request, next: number)
        case .refused:
            guard isDueAgain || refusedFor != looking else { return [] }
            isDueAgain = false
            return ask(request, isNews: false, next: number)
        case .unhelpful(let earlier):
            guard unhelpfulFor != looking else {
                reload = .unhelpful(reason)
                return earlier == reason
                    ? [] : [.report(.different(path: output.path, reason: reason))]
            }
            return ask(request, next: number)
        case .none:
            return askedFor == looking ? differs(reason) : ask(request, next: number)
        }
    }

    private mutating func ask(
        _ request: Request,
        isNews: Bool = true,
        next number: Int
    ) -> [RuntimeMachine.Action] {
        askedFor = request.replaced
        var report: [RuntimeMachine.Action] =
            isNews ? [.report(.reloadNeeded(path: output.path, reason: request.reason))] : []
        guard let check = output.check, !isChecked else {
            reload = .asked(request)
            return report + [.reload(path: output.path)]
        }
        // The one that was asked for would load a file that may be rejected.
        if case .asked = reload { report.append(.cancelReload(path: output.path)) }
        reload = .checking(request, number: number)
        return report + [.check(path: output.path, check.about(output.path), number: number)]
    }

    mutating func checked(
        _ fault: ProgramFault?,
        number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        guard case .checking(let request, number) = reload else { return [] }
        if replaced != request.replaced {
            nextComparison = now
            overtaken += 1
            if fault == nil, overtaken < Self.mostOvertaken {
                // It was another file that was accepted.
                (reload, askedFor, done) = (.none, nil, min(done, request.replaced - 1))
                return []
            }
        }
        overtaken = 0
        guard let fault else {
            reload = .asked(request)
            return [.reload(path: output.path)]
        }
        let isNews = lastRefusal.map { !$0.isSame(as: fault) } ?? true
        (lastRefusal, refusedFor, isDueAgain) = (fault, request.replaced, false)
        reload = .refused(fault, until: now + Self.refusedFor)
        return isNews ? [.report(.reloadRefused(path: output.path, fault))] : []
    }

    private mutating func differs(_ reason: String) -> [RuntimeMachine.Action] {
        step = .idle
        unhelpfulFor = looking
        let isNews = reload != .unhelpful(reason)
        reload = .unhelpful(reason)
        return isNews ? [.report(.different(path: output.path, reason: reason))] : []
    }

    /// HAProxy cannot be asked: what the file has new takes a reload.
    private mutating func failed(
        _ fault: RuntimeFault,
        next number: Int,
        at now: Duration
    ) -> [RuntimeMachine.Action] {
        step = .idle
        if fault.code == .notRunning { (process, isGone) = (nil, true) }
        if isCounting { delayDeletion(at: now) }
        nextComparison = now + retry
        retry = min(retry * 2, Self.compareEvery)
        let since = unreachable?.since ?? now
        // A HAProxy that restarts is away for a moment.
        let isPassing = fault.code == .notRunning || fault.code == .interrupted
        let wasSaid = unreachable.map { $0.isSaid && $0.fault.code == fault.code } ?? false
        let isSaid = wasSaid || !isPassing || now >= since + Self.restartTime
        unreachable = (fault, since, isSaid)
        let report: [RuntimeMachine.Action] =
            isSaid && !wasSaid ? [.report(.unreachable(path: output.path, fault))] : []
        if case .checking = reload { return report }
        var isDue = done < looking
        if case .refused = reload { isDue = isDueAgain || refusedFor != looking }
        guard isDue, !isPassing || now >= since + Self.startTime else { return report }
        (done, isDueAgain) = (looking, false)
        if case .asked(let earlier) = reload, earlier.replaced == looking { return report }
        let request = Request(
            reason: fault.message,
            file: lastFile,
            process: process,
            replaced: looking
        )
        return report + ask(request, isNews: false, next: number)
    }

    private mutating func reachable() -> [RuntimeMachine.Action] {
        defer { (unreachable, retry) = (nil, Self.firstRetry) }
        return unreachable?.isSaid == true ? [.report(.reachable(path: output.path))] : []
    }
}
