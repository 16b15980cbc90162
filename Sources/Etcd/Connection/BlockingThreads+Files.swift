import Registry

extension BlockingThreads {
    /// Reads files on a thread that may wait for their disk: one that hangs is said by whoever wanted them, and
    /// holds up nothing else.
    ///
    /// - Parameters:
    ///   - setting: What the configuration calls them; for the error.
    ///   - read: Reads them.
    /// - Throws: What `read` throws; `unusableFile` when they are not read within `limit`, also because an
    ///   earlier read still waits for the disk; `cancelled`.
    func read<Value: Sendable>(
        _ setting: String,
        within limit: Duration,
        _ read: @escaping @Sendable () throws(EtcdError) -> Value
    ) async throws(EtcdError) -> Value {
        let thread = thread("etcd \(setting)")
        // Cancelled: nobody is left to be told.
        let answer = try? await Registry.within(limit) { () -> Result<Value, EtcdError>? in
            await thread.run { Result { () throws(EtcdError) in try read() } }
        }
        if let outcome = answer.flatMap({ $0 }) { return try outcome.get() }
        guard !Task.isCancelled else { throw EtcdError(.cancelled, "the read was cancelled") }
        throw EtcdError(
            .unusableFile,
            "\(setting) is not read: its disk has not answered for \(limit.text), or the system has no thread for it; "
                + "see where it is mounted from, and TasksMax= of the unit"
        )
    }
}
