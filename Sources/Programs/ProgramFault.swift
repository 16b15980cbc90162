import Texts

/// Why a program did not do what it was run for.
public struct ProgramFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Hashable, Sendable {
        /// It ran to its end and said no. The same question has the same answer.
        case refused
        /// It could not be started, took too long or was ended by a signal. It may go better next time.
        case notDone
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, in the program's own last words where it had any.
    public let message: String

    /// Describes a failure.
    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// Whether it is the same failure: the numbers of processes and lines that a program names differ
    /// from one try to the next.
    package func isSame(as other: ProgramFault) -> Bool {
        code == other.code
            && message.utf8.filter { !$0.isDigit } == other.message.utf8.filter { !$0.isDigit }
    }

    /// The message.
    public var description: String { message }
}
