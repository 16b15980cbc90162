import AsyncAlgorithms
import Machines

/// The answers of one stream of etcd, as they come.
///
/// Each iteration is a stream of its own: it begins with the first `next()` and is given up when the
/// iterator is let go, as by a `break`. Nothing is buffered: while the consumer is busy, the server
/// is held back. Iterating from two tasks at once is not supported.
///
/// On cancellation of the consuming task the sequence ends.
public struct EtcdStream<Element: Sendable>: AsyncSequence, Sendable {
    /// What ends the sequence early.
    public typealias Failure = EtcdError
    typealias Body =
        @Sendable (_ send: @escaping @Sendable (Element) async -> Void) async throws(EtcdError) ->
        Void

    private let client: EtcdClient
    private let body: Body

    /// - Parameter body: Runs the stream and sends its elements; returns or throws at its end.
    init(client: EtcdClient, _ body: @escaping Body) {
        self.client = client
        self.body = body
    }

    /// Prepares a stream; it begins with the first `next()`.
    public func makeAsyncIterator() -> Iterator { Iterator(client: client, body: body) }

    /// One stream.
    public final class Iterator: AsyncIteratorProtocol {
        private let client: EtcdClient
        private let body: Body
        private let end = StopSwitch()
        private var elements: AsyncThrowingChannel<Element, any Error>.Iterator?

        init(client: EtcdClient, body: @escaping Body) {
            self.client = client
            self.body = body
        }

        deinit {
            end.stop()
        }

        /// The next answer, or `nil` when the stream has ended.
        ///
        /// - Throws: ``EtcdError`` when it broke or etcd ended it.
        public func next() async throws(EtcdError) -> Element? {
            do {
                if elements == nil { elements = try begin() }
                return try await elements?.next()
            } catch {
                throw EtcdError(rpc: error, method: "stream", endpoint: nil)
            }
        }

        private func begin() throws(EtcdError) -> AsyncThrowingChannel<Element, any Error>.Iterator
        {
            let channel = AsyncThrowingChannel<Element, any Error>()
            let (body, end) = (body, end)
            try client.start {
                await end.run {
                    do {
                        try await body { await channel.send($0) }
                        channel.finish()
                    } catch  where !Task.isCancelled {
                        channel.fail(error)
                    } catch {
                        // The client stopped, or nobody listens any more.
                    }
                }
                if Task.isCancelled { channel.fail(EtcdError.notRunning) }
                channel.finish()
            }
            return channel.makeAsyncIterator()
        }
    }
}
