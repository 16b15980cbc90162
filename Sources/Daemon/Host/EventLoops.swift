import NIOCore
import NIOPosix

/// The threads on which NIO runs connections.
package enum EventLoops {
    /// Has one thread run all of them, where NIO would start one for each core: there is one connection to etcd, and
    /// what is served and probed beside it is little. To be called before there is a connection.
    package static func shareOne() {
        NIOSingletons.groupLoopCountSuggestion = 1
    }

    /// Runs what follows etcd on the thread that has its connection: what comes in is taken up where it came in, and a
    /// beat at rest wakes one thread where it would wake four.
    static func besideConnection(_ body: @Sendable () async -> Void) async {
        await withTaskExecutorPreference(LoopExecutor(loop: loop), operation: body)
    }

    /// The clock of what follows etcd.
    static var clock: LoopClock { LoopClock(loop: loop) }

    private static var loop: any EventLoop { MultiThreadedEventLoopGroup.singleton.next() }
}

/// Runs tasks on the thread of an event loop, between what it reads and writes.
private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// The system's continuous clock, whose sleepers an event loop wakes: those that run on its thread need no other one.
///
/// A loop counts the time in which the host was awake, so nobody sleeps longer than a minute at once: whoever slept
/// through a suspend is woken a minute late at most.
struct LoopClock: Clock {
    typealias Instant = ContinuousClock.Instant

    let loop: any EventLoop

    var now: Instant { .now }
    var minimumResolution: Duration { .milliseconds(1) }

    /// Waits until `deadline`; returns at once when it has passed.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        while true {
            let left = now.duration(to: deadline)
            guard left > .zero else { return }
            let timer = loop.scheduleTask(in: TimeAmount(min(left, Self.longest))) {}
            try await withTaskCancellationHandler {
                do {
                    try await timer.futureResult.get()
                } catch {
                    throw CancellationError()
                }
            } onCancel: {
                timer.cancel()
            }
        }
    }

    private static let longest = Duration.seconds(60)
}
