internal import Synchronization

/// Keeps what the watch saw change, until it is fetched: one state a unit, the newest.
final class UnitMailbox: Sendable {
    /// Has an element when something was left, at most one.
    let bell: AsyncStream<Void>
    private let ringing: AsyncStream<Void>.Continuation
    /// The oldest unit first; as many as there are units, at most.
    private let left = Mutex<[UnitChange]>([])

    init() {
        (self.bell, self.ringing) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Leaves `change`, in the place of an older one of that unit.
    func put(_ change: UnitChange) {
        self.left.withLock { left in
            if let older = left.firstIndex(where: { $0.unit == change.unit }) {
                left[older] = change
            } else {
                left.append(change)
            }
        }
        self.ringing.yield()
    }

    /// Fetches one.
    func take() -> UnitChange? {
        self.left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Nothing more will be left.
    func close() {
        self.ringing.finish()
    }
}

/// The changes of the units that a ``UnitWatch`` follows.
///
/// For one reader. Of each unit only the newest state waits to be read: a reader that is slow misses
/// states that are over, and never the one that is. Ends when the watch does, and when the reading
/// task is cancelled.
public struct UnitChanges: AsyncSequence, Sendable {
    let mailbox: UnitMailbox

    /// Reads them.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let mailbox: UnitMailbox
        var bell: AsyncStream<Void>.AsyncIterator

        /// The next change, waited for.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async -> UnitChange? {
            while true {
                if let change = self.mailbox.take() { return change }
                guard await self.bell.next(isolation: actor) != nil else { return nil }
            }
        }
    }

    /// Reads from the oldest change that waits.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(mailbox: self.mailbox, bell: self.mailbox.bell.makeAsyncIterator())
    }
}
