/// Queues requests to reload the configuration, from SIGHUP and the local API; they are done one after the other.
final class ConfigurationReloadQueue: Sendable {
    /// How a reload ended.
    enum Outcome: Hashable, Sendable {
        /// The new configuration is in force; with what there is to say.
        case applied([String])
        /// It is faulty, and the old one stays.
        case refused([String])
        /// As many wait for a reload as there is room for; nothing was asked.
        case full
    }

    /// Gets the outcome of a request; `nil` when nobody waits for it.
    typealias Asker = AsyncStream<Outcome>.Continuation?

    /// What was asked for, in order.
    let requests: AsyncStream<Asker>
    private let request: AsyncStream<Asker>.Continuation

    init() {
        // A reload that begins later reads no less: those that find no place are told to try again.
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(16))
    }

    /// A signal asked for it.
    func signalled() {
        request.yield(nil)
    }

    /// Asks for a reload and waits for its end.
    ///
    /// - Returns: `nil` when the task was cancelled.
    func reload() async -> Outcome? {
        let (outcomes, asker) = AsyncStream.makeStream(
            of: Outcome.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        guard case .enqueued = request.yield(asker) else { return .full }
        return await outcomes.first { _ in true }
    }
}
