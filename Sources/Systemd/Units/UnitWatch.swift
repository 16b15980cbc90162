public import Machines

/// Follows the state of units of the system's systemd, by its signals.
///
/// ```swift
/// let watch = UnitWatch(units: ["nginx.service"]) { report in … }
/// async let following: Void = watch.run()
/// for await change in watch.changes {
///     print(change.unit, change.state)  // nginx.service active (running)
/// }
/// ```
///
/// No privileges are needed. One thread and one connection serve all units. A name may be an alias. A
/// unit that does not exist is `inactive` with the sub state `not-found`, and followed for when it
/// will. See org.freedesktop.systemd1(5).
public final class UnitWatch: Sendable {
    /// How long things may take.
    public struct Limits: Hashable, Sendable {
        /// How long systemd may take to answer. It answers nothing while it reads its files, which can
        /// take seconds, so the default is libsystemd's: 25 s.
        public var answer: Duration = .seconds(25)

        /// The longest delay before the second try to connect; doubled with each failure.
        public var firstRetry: Duration = .milliseconds(200)

        /// The longest delay before any try.
        public var retryCap: Duration = .seconds(10)

        /// The defaults.
        public init() {}
    }

    /// How the watch is doing. Told on the watch's own thread or task: return soon.
    public enum Report: Hashable, Sendable {
        /// Every unit was read; from here on each change is heard of. After each connecting.
        case following
        /// The bus or systemd is away. States stay as they were told last; after `retryAfter` all is
        /// read anew, and what differs is told.
        case lost(SystemdError, retryAfter: Duration)
        /// systemd refuses to tell of this unit, for example because its name is not valid.
        case refused(unit: String, SystemdError)
    }

    /// The changes, beginning with the state in which each unit is found.
    public let changes: UnitChanges

    private let limits: Limits
    private let observe: @Sendable (Report) -> Void
    private let driver: MachineDriver<UnitWatchMachine>
    private let mailbox = UnitMailbox()

    /// A watch, not running.
    ///
    /// - Parameters:
    ///   - units: Names with their suffix, as in `nginx.service`.
    ///   - limits: How long things may take.
    ///   - generator: Decides the jitter of the tries to connect. Default: one of an arbitrary seed.
    ///   - timeline: Has the time of those tries.
    ///   - observe: Told how the watch is doing.
    public init(
        units: Set<String>,
        limits: Limits = Limits(),
        generator: SeededGenerator = SeededGenerator(seed: .random(in: .min ... .max)),
        timeline: Timeline = Timeline(),
        observe: @escaping @Sendable (Report) -> Void = { _ in }
    ) {
        self.limits = limits
        self.observe = observe
        self.changes = UnitChanges(mailbox: self.mailbox)
        self.driver = MachineDriver(
            UnitWatchMachine(
                units: units,
                retry: Backoff.Policy(base: limits.firstRetry, cap: limits.retryCap),
                generator: generator
            ),
            timeline: timeline
        )
    }

    /// Follows the units until the task is cancelled; ``changes`` ends with it. To be called once.
    ///
    /// A failure is reported and tried again, for ever.
    public func run() async {
        defer { self.mailbox.close() }
        self.driver.happened { machine, _ in machine.started() }
        await self.driver.run { [self] action in
            switch action {
            case .connect: return { [self] in await self.connect() }
            case .reportLost(let error, let delay):
                self.observe(.lost(error, retryAfter: delay))
            // What needs the connection is done on its thread.
            case .ask, .tell, .reportFollowing, .reportRefused, .giveUp: break
            }
            return nil
        }
    }

    /// Follows the units over one connection, until that fails.
    private func connect() async {
        do throws(SystemdError) {
            try await BusThread.run { bus throws(SystemdError) in try self.follow(bus) }
        } catch {
            guard error.code != .cancelled else { return }
            self.driver.happened { machine, now in machine.lost(error, at: now) }
        }
    }

    /// Tells the machine what happened on the thread of the connection, which does the actions itself.
    private func actions(
        after event: (inout UnitWatchMachine) -> [UnitWatchMachine.Action]
    ) -> [UnitWatchMachine.Action] {
        var actions: [UnitWatchMachine.Action] = []
        self.driver.happened { machine, _ in
            event(&machine)
        } here: { action in
            actions.append(action)
            return {}
        }
        return actions
    }

    /// A question that was sent, and until when it must be answered.
    private struct Pending {
        var question: UnitQuestion
        var deadline: ContinuousClock.Instant
    }

    /// Follows the units over `bus`, until that fails.
    private func follow(_ bus: borrowing BusConnection) throws(SystemdError) -> Void {
        var pending: [UInt64: Pending] = [:]
        try self.perform(self.actions { $0.connected() }, bus, &pending)
        while true {
            let deadline = pending.values.map(\.deadline).min()
            guard let message = try bus.next(until: deadline) else { throw .busTimedOut() }
            let sender = message.sender
            let actions: [UnitWatchMachine.Action]
            if let asked = pending.removeValue(forKey: message.answers) {
                let answer = try asked.question.read(message)
                actions = self.actions { $0.answered(asked.question, answer) }
            } else if let signal = try UnitSignal.read(message) {
                actions = self.actions { $0.heard(signal, from: sender) }
            } else {
                continue
            }
            try self.perform(actions, bus, &pending)
        }
    }

    private func perform(
        _ actions: [UnitWatchMachine.Action],
        _ bus: borrowing BusConnection,
        _ pending: inout [UInt64: Pending]
    ) throws(SystemdError) {
        for action in actions {
            switch action {
            case .ask(let question):
                let cookie = try bus.send(question.call)
                pending[cookie] = Pending(question: question, deadline: .now + self.limits.answer)
            case .tell(let change):
                self.mailbox.put(change)
            case .reportFollowing:
                self.observe(.following)
            case .reportRefused(let unit, let error):
                self.observe(.refused(unit: unit, error))
            case .giveUp(let error):
                throw error
            // Those are for the loop: no event on this thread leads to them.
            case .connect, .reportLost:
                break
            }
        }
    }
}
