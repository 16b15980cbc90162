import Synchronization

/// A connection that is being made and can be given up at any moment: NIO's futures know nothing of cancellation,
/// and closing the channel fails them.
package final class ConnectAttempt: Sendable {
    private enum State {
        /// There is nothing to close. Can go to `underWay`, `givenUp`.
        case new
        /// Can go to `givenUp`.
        case underWay(close: @Sendable () -> Void)
        /// This state is terminal.
        case givenUp
    }

    private let state = Mutex(State.new)

    package init() {}

    /// Says what closes it; done at once when it was given up before.
    package func began(close: @escaping @Sendable () -> Void) {
        let isGivenUp = state.withLock { state in
            if case .givenUp = state { return true }
            state = .underWay(close: close)
            return false
        }
        if isGivenUp { close() }
    }

    /// Closes it, now or when there is something to close.
    package func giveUp() {
        let before = state.withLock { state in
            defer { state = .givenUp }
            return state
        }
        if case .underWay(let close) = before { close() }
    }
}
