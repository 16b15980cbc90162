/// Runs `work`, but not for longer than `limit`.
///
/// - Returns: What `work` returned, or `nil` when time ran out; `work` is then cancelled and waited
///   for, so it must end on cancellation.
/// - Throws: What `work` throws.
package func within<Value: Sendable>(
    _ limit: Duration,
    on timeline: Timeline = Timeline(),
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await timeline.sleep(until: timeline.now + limit)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
