import Dispatch
import Synchronization

/// A disk that does not answer until it is told to: whoever asks it is held up.
public final class Hang: Sendable {
    private struct State {
        var isReleased = false
        var count = 0
    }

    private let state = Mutex(State())
    private let semaphore = DispatchSemaphore(value: 0)
    private let asked: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation

    /// One that hangs.
    public init() {
        (asked, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many have asked.
    public var count: Int { state.withLock { $0.count } }

    /// Holds the calling thread up until ``release()``.
    public func wait() {
        let isReleased = state.withLock { state in
            state.count += 1
            return state.isReleased
        }
        ask.yield()
        guard !isReleased else { return }
        semaphore.wait()
        // For the next that waits.
        semaphore.signal()
    }

    /// Waits until somebody has asked.
    public func happened() async {
        for await _ in asked { return }
    }

    /// Lets all go on, and all that come.
    public func release() {
        state.withLock { $0.isReleased = true }
        semaphore.signal()
    }
}
