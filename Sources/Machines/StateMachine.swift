/// A part of discoveryd that decides and does nothing else.
///
/// Events are its methods, named in the past tense for what happened; each returns what is to be
/// done. No I/O, no clock, no randomness: instants and seeds are arguments.
public protocol StateMachine: Sendable {
    /// What a driver can be told to do. Two are the same when they ask for the same.
    associatedtype Action: Equatable & Sendable

    /// When ``timePassed(to:)`` wants to be called next, or `nil` when nothing waits for time.
    var deadline: Duration? { get }

    /// The clock reached `now`. Called at the deadline or later, and harmless in between.
    mutating func timePassed(to now: Duration) -> [Action]

    /// Puts actions behind those that wait to be done. What one that waits already stands for is left
    /// out: so a machine bounds what can wait, however slow its driver is.
    static func enqueue(_ actions: [Action], in pending: inout [Action])
}

extension StateMachine {
    /// Puts them all at the end.
    public static func enqueue(_ actions: [Action], in pending: inout [Action]) {
        pending += actions
    }
}
