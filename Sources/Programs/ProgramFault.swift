import Texts

/// The failure of a program: a code and a sentence.
public struct ProgramFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// It ran to its end and rejected the input, or printed nothing. Running it again gives the same result.
        case refused
        /// It could not be started, took too long or was ended by a signal. It may succeed the next time.
        case notDone
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence, with the last lines that the program printed, if any.
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
