import Synchronization

/// Runs a state machine: takes events from anywhere, has its actions done, wakes it in time.
///
/// One `run`, one task group, nothing detached. Events take a lock, never wait, and may come from
/// any task; actions are started in the order in which the machine gave them, each as a child task
/// of `run`.
public final class MachineDriver<Machine: StateMachine>: Sendable {
    private struct State: Sendable {
        var machine: Machine
        var pending: [Machine.Action] = []
        var mostPending = 0
        /// When the sleeping alarms go off, the earliest last. One is set only when it is earlier than all
        /// others, so there are few, however often the deadline moves.
        var alarms: [Duration] = []

        /// Until when the machine is not woken, because it had nothing to do though it was due.
        var restsUntil = Duration.zero

        /// When the machine wants to be woken.
        var deadline: Duration? { machine.deadline.map { max($0, restsUntil) } }

        /// Whether the machine wants to be woken earlier than any alarm does.
        var needsAlarm: Bool {
            guard let deadline else { return false }
            return alarms.last.map { deadline < $0 } ?? true
        }
    }

    private let state: Mutex<State>
    private let timeline: Timeline
    /// Holds one wake-up at most: the loop takes all that is pending each time.
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let lapCount = Atomic<UInt64>(0)

    /// A driver for a machine that has not begun.
    public init(_ machine: Machine, timeline: Timeline) {
        state = Mutex(State(machine: machine))
        self.timeline = timeline
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells the machine what happened; its actions are done by ``run(_:)``.
    ///
    /// - Parameter here: Returns how to do an action at once, in the calling task; `nil` leaves it to the
    ///   loop. For actions that would pile up when events come faster than the loop takes them: this way the
    ///   caller is slowed down. Called under the lock; what it returns runs outside of it.
    public func happened(
        _ event: (_ machine: inout Machine, _ now: Duration) -> [Machine.Action],
        here: (Machine.Action) -> (() -> Void)? = { _ in nil }
    ) {
        change({ state, now in event(&state.machine, now) }, here: here)
    }

    private func change(
        _ event: (_ state: inout State, _ now: Duration) -> [Machine.Action],
        here: (Machine.Action) -> (() -> Void)? = { _ in nil }
    ) {
        let now = timeline.now
        var doneHere: [() -> Void] = []
        let hasWork = state.withLock { state in
            var left: [Machine.Action] = []
            for action in event(&state, now) {
                if let done = here(action) { doneHere.append(done) } else { left.append(action) }
            }
            if !left.isEmpty { Machine.enqueue(left, in: &state.pending) }
            state.mostPending = max(state.mostPending, state.pending.count)
            return !state.pending.isEmpty || state.needsAlarm
        }
        if hasWork { waker.yield() }
        for done in doneHere { done() }
    }

    /// How many alarms sleep.
    package var alarmCount: Int { state.withLock { $0.alarms.count } }

    /// The most actions that ever waited for the loop at once.
    package var mostPending: Int { state.withLock { $0.mostPending } }

    /// Looks at the machine.
    public func read<Value: Sendable>(_ look: (borrowing Machine) -> Value) -> Value {
        state.withLock { look($0.machine) }
    }

    /// How often the loop went round. It moves after each ``poke()`` unless the loop is stuck:
    /// the proof of progress that the watchdog asks for.
    public var laps: UInt64 { lapCount.load(ordering: .relaxed) }

    /// Sends the loop round once.
    public func poke() {
        waker.yield()
    }

    /// What an action still has to do when it has begun; run as a child task.
    public typealias Work = @Sendable () async -> Void

    /// Has the actions done until the task is cancelled; then cancels and waits for those under
    /// way. Call it once.
    ///
    /// - Parameter begin: Does an action, or begins it and returns the part that takes time. Called
    ///   for one action after the other, in the order in which the machine gave them; the work that
    ///   they return overlaps. Must not wait.
    public func run(_ begin: @Sendable (Machine.Action) -> Work?) async {
        await withDiscardingTaskGroup { group in
            setAlarm(in: &group)
            for await _ in wake {
                for action in takePending() {
                    if let work = begin(action) { group.addTask { await work() } }
                }
                setAlarm(in: &group)
                lapCount.wrappingAdd(1, ordering: .relaxed)
            }
            group.cancelAll()
        }
    }

    /// Ends ``run(_:)`` as a cancellation would.
    public func finish() {
        waker.finish()
    }

    private func takePending() -> [Machine.Action] {
        state.withLock { state in
            defer { state.pending.removeAll() }
            return state.pending
        }
    }

    /// Puts an alarm to sleep when the machine wants one earlier than those that sleep already.
    /// An alarm that went off too early finds nothing due and sets the next.
    private func setAlarm(in group: inout DiscardingTaskGroup) {
        let instant: Duration? = state.withLock { state in
            guard state.needsAlarm, let deadline = state.deadline else { return nil }
            state.alarms.append(deadline)
            return deadline
        }
        guard let instant else { return }
        group.addTask { [self] in
            // Cancelled: the driver stops, and the alarm with it.
            guard (try? await timeline.sleep(until: instant)) != nil else { return }
            state.withLock { state in
                if let index = state.alarms.lastIndex(of: instant) {
                    state.alarms.remove(at: index)
                }
            }
            change { state, now in
                let actions = state.machine.timePassed(to: now)
                // A mistake of the machine: it must take no core, and no event loop that it runs on.
                if actions.isEmpty, let deadline = state.machine.deadline, deadline <= now {
                    state.restsUntil = now + Self.rest
                }
                return actions
            }
        }
    }

    /// How long a machine rests that was due for nothing.
    private static var rest: Duration { .milliseconds(10) }
}
