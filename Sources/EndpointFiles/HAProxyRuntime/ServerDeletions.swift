import Machines

/// The servers of one file that have left and are deleted by and by: when they have no connections, or have drained for
/// long enough.
struct ServerDeletions: Sendable {
    /// The time between the first drain and the first count of connections.
    private static let firstPause = Duration.milliseconds(500)
    /// The longest time between two tries to delete servers that still have connections.
    private static let longestPause = Duration.seconds(10)

    private let drainBeforeDelete: Duration
    /// Those that are out of service, with the instant since when.
    private var leaving: [RuntimeCommand.Target: Duration] = [:]
    /// Those that HAProxy was told to delete.
    private var deleting: Set<RuntimeCommand.Target> = []
    private var pause = firstPause
    private(set) var deadline: Duration?
    /// The number of servers that are to be deleted, in service or not.
    private(set) var count = 0
    /// Whether the look under way counts connections, so that servers may be deleted.
    private(set) var isCounting = false

    init(_ output: RuntimeOutput) {
        drainBeforeDelete = output.drainBeforeDelete
    }

    /// A look begins.
    mutating func lookBegan(at now: Duration) {
        isCounting = deadline.map { $0 <= now } ?? false
    }

    /// The look that counts came to nothing: the next count is later.
    mutating func lookFailed(at now: Duration) {
        if isCounting { postpone(at: now) }
    }

    /// The servers of which a look has to say how they stand, beside those that it finds.
    var targets: Set<RuntimeCommand.Target> { deleting }

    /// A look found these servers in the process and not in the file.
    ///
    /// - Parameter running: How they and ``targets`` stand; without those that are gone.
    /// - Returns: The number of servers that were deleted since the last look.
    mutating func noted(
        _ targets: [RuntimeCommand.Target],
        _ running: [RuntimeCommand.Target: RunningServer],
        at now: Duration
    ) -> Int {
        let before = leaving
        leaving = [:]
        for target in targets where running[target]?.isOutOfService == true {
            leaving[target] = before[target] ?? now
        }
        count = targets.count
        // One that is still there has returned to the file.
        let deleted = deleting.subtracting(targets).count { running[$0] == nil }
        deleting.formIntersection(targets)
        if leaving.isEmpty {
            (deadline, pause) = (nil, Self.firstPause)
        } else if leaving.keys.contains(where: { before[$0] == nil }) {
            pause = Self.firstPause
            deadline = deadline.map { min($0, now + pause) } ?? now + pause
        }
        return deleted
    }

    /// The commands for those that may go now; none when the look did not count.
    ///
    /// - Parameter connections: Those in use, by backend and server.
    mutating func commands(
        _ running: [RuntimeCommand.Target: RunningServer],
        _ connections: [String: [String: Int]],
        at now: Duration
    ) -> [RuntimeCommand] {
        guard isCounting else { return [] }
        isCounting = false
        var commands: [RuntimeCommand] = []
        for (target, since) in leaving.sorted(by: { $0.key.description < $1.key.description }) {
            guard let server = running[target] else { continue }
            let used = connections[target.backend]?[target.server] ?? 0
            guard used == 0 || since + drainBeforeDelete <= now else { continue }
            if !server.admin.contains(.maintenance) { commands.append(.maintain(target)) }
            commands.append(.delete(target))
            deleting.insert(target)
        }
        postpone(at: now)
        return commands
    }

    private mutating func postpone(at now: Duration) {
        guard !leaving.isEmpty else { return }
        pause = min(pause * 2, Self.longestPause)
        let ends = leaving.values.map { $0 + drainBeforeDelete }.filter { $0 > now }
        deadline = min(now + pause, ends.min() ?? now + pause)
    }
}
