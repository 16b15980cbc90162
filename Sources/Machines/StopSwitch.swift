/// Ends one piece of work that runs in somebody else's task group.
package final class StopSwitch: Sendable {
    private let stopped: AsyncStream<Never>
    private let trigger: AsyncStream<Never>.Continuation

    package init() {
        (stopped, trigger) = AsyncStream.makeStream(
            of: Never.self,
            bufferingPolicy: .bufferingOldest(1)
        )
    }

    /// Ends the work, also when it has not begun. More than once does nothing more.
    package func stop() {
        trigger.finish()
    }

    /// Runs `work` until it ends, the switch is used or the task is cancelled; in the last two
    /// cases `work` is cancelled and waited for. Call it once.
    package func run(_ work: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { group in
            group.addTask { await work() }
            group.addTask { [stopped] in
                for await _ in stopped {}
            }
            await group.next()
            group.cancelAll()
        }
    }
}
