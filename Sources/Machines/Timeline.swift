/// The one source of time for a driver: instants are durations since the timeline began.
///
/// State machines know no clock. They are given `now` as a plain `Duration`, so a test writes
/// `.seconds(3)` where the program has a boot-time clock. On Linux `ContinuousClock` is
/// `CLOCK_BOOTTIME`: it never jumps and goes on during a suspend, as etcd's leases do.
public struct Timeline: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let wait: @Sendable (Duration) async throws -> Void

    /// A timeline that begins now on the given clock.
    public init<C: Clock>(_ clock: C = ContinuousClock()) where C.Duration == Duration {
        let origin = clock.now
        elapsed = { origin.duration(to: clock.now) }
        wait = { try await clock.sleep(until: origin.advanced(by: $0), tolerance: nil) }
    }

    /// The time since the timeline began.
    public var now: Duration { elapsed() }

    /// Waits until the timeline reaches `instant`; returns at once when it has.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    public func sleep(until instant: Duration) async throws {
        try await wait(instant)
    }
}
