/// What was expected did not come to pass in time.
public struct DidNotHappen: Error, CustomStringConvertible {
    /// What, and in how long.
    public let description: String

    /// Says what.
    public init(description: String) { self.description = description }
}

/// Waits until `condition` holds: for things of other processes, which send us no event.
///
/// Time in which nobody let us run counts for little: on a machine that is busy, whatever we wait for has
/// not run either.
///
/// - Throws: ``DidNotHappen`` after `limit`, and what `condition` throws.
public func eventually(
    _ what: String,
    within limit: Duration = .seconds(30),
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    var waited = Duration.zero
    var last = ContinuousClock.now
    while try await !condition() {
        guard waited < limit else {
            throw DidNotHappen(description: "not within \(limit): \(what)")
        }
        try await Task.sleep(for: .milliseconds(10))
        let now = ContinuousClock.now
        waited += min(now - last, .seconds(1))
        last = now
    }
}
