import Synchronization

/// Holds the connection that serves all calls, and those who wait for one while there is none.
final class ConnectionInUse: Sendable {
    private typealias Waiter = CheckedContinuation<MemberConnection, any Error>

    private enum State {
        /// Before the client runs, and while no member answers. Can go to `connected`, `stopped`.
        case connecting(waiters: [Int: Waiter])
        /// One member serves all calls. Can go to `connecting`, `stopped`.
        case connected(MemberConnection)
        /// The client has ended. This state is terminal.
        case stopped
    }

    private struct Shared {
        var state = State.connecting(waiters: [:])
        var nextWaiter = 0
    }

    private let shared = Mutex(Shared())

    /// The connection; `nil` while there is none.
    ///
    /// - Throws: ``EtcdError`` `notRunning` after ``stop()``.
    func current() throws(EtcdError) -> MemberConnection? {
        let state = shared.withLock { $0.state }
        switch state {
        case .connected(let connection): return connection
        case .connecting: return nil
        case .stopped: throw EtcdError.notRunning
        }
    }

    /// Whether it is this one.
    func isCurrent(_ connection: MemberConnection) -> Bool {
        shared.withLock { shared in
            if case .connected(let current) = shared.state { current === connection } else { false }
        }
    }

    /// Waits for one.
    ///
    /// - Throws: ``EtcdError`` `notRunning` after ``stop()``; `CancellationError`.
    func next() async throws -> MemberConnection {
        let id = shared.withLock { shared in
            shared.nextWaiter += 1
            return shared.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue($0, as: id) }
        } onCancel: {
            dequeue(id)?.resume(throwing: CancellationError())
        }
    }

    /// Has all calls use this one, and those who wait go on with it.
    func use(_ connection: MemberConnection) {
        for waiter in change(to: .connected(connection)) { waiter.resume(returning: connection) }
    }

    /// Has calls wait for the next one.
    func withdraw() {
        _ = change(to: .connecting(waiters: [:]))
    }

    /// Fails all who wait, and all calls from now on.
    func stop() {
        for waiter in change(to: .stopped) { waiter.resume(throwing: EtcdError.notRunning) }
    }

    private func enqueue(_ waiter: Waiter, as id: Int) {
        let result: Result<MemberConnection, any Error>? = shared.withLock { shared in
            switch shared.state {
            case .connected(let connection): return .success(connection)
            case .stopped: return .failure(EtcdError.notRunning)
            case .connecting(var waiters):
                // Seen here and not only in the handler: that may have run before this.
                if Task.isCancelled { return .failure(CancellationError()) }
                waiters[id] = waiter
                shared.state = .connecting(waiters: waiters)
                return nil
            }
        }
        if let result { waiter.resume(with: result) }
    }

    private func dequeue(_ id: Int) -> Waiter? {
        shared.withLock { shared in
            guard case .connecting(var waiters) = shared.state else { return nil }
            let waiter = waiters.removeValue(forKey: id)
            shared.state = .connecting(waiters: waiters)
            return waiter
        }
    }

    /// - Returns: Those who had been waiting, to be told outside of the lock.
    private func change(to state: State) -> [Waiter] {
        shared.withLock { shared in
            defer { shared.state = state }
            guard case .connecting(let waiters) = shared.state else { return [] }
            return Array(waiters.values)
        }
    }
}
