import Machines
import Registry
import Synchronization

/// Says that something changed; whoever waits looks for itself. Many at once are one.
///
/// Changes of state are said at once. How far something has come, which changes with every change in etcd, is
/// said a few times a second.
final class ChangeSignal: Sendable {
    private struct Listeners {
        var next = 0
        var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    /// The changes, for the one that follows them from the start.
    let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let progress: AsyncStream<Void>
    private let progressed: AsyncStream<Void>.Continuation
    private let pause = Mutex(Duration.zero)
    private let listeners = Mutex(Listeners())
    private let timeline: Timeline

    init(timeline: Timeline) {
        self.timeline = timeline
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (progress, progressed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func raise() {
        continuation.yield()
        for listener in listeners.withLock({ Array($0.continuations.values) }) { listener.yield() }
    }

    /// Raises it now, or when the pause after the last time is over.
    func raiseSoon() { progressed.yield() }

    /// Sets the least time between two reports of progress. Zero at the start, when readiness waits for them.
    func setPause(_ pause: Duration) { self.pause.withLock { $0 = pause } }

    /// Says progress, until the task is cancelled.
    func run() async {
        for await _ in progress {
            raise()
            let pause = pause.withLock { $0 }
            guard pause > .zero else { continue }
            // Cancelled: the loop ends.
            try? await timeline.sleep(until: timeline.now + pause)
        }
    }

    /// Calls `look` now and after each change, until it returns `true` or the task is cancelled.
    func follow(_ look: () async -> Bool) async {
        let (changes, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let number = listeners.withLock { listeners in
            listeners.next += 1
            listeners.continuations[listeners.next] = continuation
            return listeners.next
        }
        defer { _ = listeners.withLock { $0.continuations.removeValue(forKey: number) } }
        continuation.yield()
        for await _ in changes {
            if await look() { return }
        }
    }

    /// Waits until `condition` holds.
    ///
    /// - Returns: `false` when it did not within `limit`, or the task was cancelled.
    func wait(
        within limit: Duration,
        until condition: @escaping @Sendable () -> Bool
    ) async -> Bool {
        if condition() { return true }
        // Throws when it is cancelled: then it does not hold.
        let isTrue = try? await within(limit) { [self] in
            await follow(condition)
            return condition()
        }
        return (isTrue ?? nil) ?? false
    }
}
