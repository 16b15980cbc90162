import Texts

/// A program that is run on a list or on a file: one by itself, no shell reads the words.
public struct ProgramCall: Hashable, Sendable {
    /// The program, a path or a name on the PATH, and its arguments; at least one.
    public var arguments: [String]
    /// How long it may take; it is ended after that.
    public var limit: Duration

    /// Describes a call.
    public init(_ arguments: [String], limit: Duration = .seconds(10)) {
        self.arguments = arguments
        self.limit = limit
    }

    /// The search path for programs that are named without their path.
    package static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The placeholder for the file in the arguments.
    public static let file = "{file}"

    /// The call about a file.
    package func about(_ path: String) -> ProgramCall {
        var call = self
        call.arguments = arguments.map { argument in
            argument.split(separator: Self.file, omittingEmptySubsequences: false)
                .joined(separator: path)
        }
        return call
    }
}

/// Whoever runs programs: this room has none of its own.
public struct ProgramRunner: Sendable {
    /// Runs a program: gives it `input`, and gives back what it prints on its standard output. Ends it on
    /// cancellation.
    ///
    /// - Throws: ``ProgramFault``.
    public typealias Run =
        @Sendable (
            _ call: ProgramCall, _ input: [UInt8]
        ) async throws(ProgramFault) -> [UInt8]

    package let run: Run

    /// Wraps one.
    public init(_ run: @escaping Run) {
        self.run = run
    }

    /// Runs nothing: each call fails.
    public static let none = ProgramRunner { call, _ throws(ProgramFault) in
        throw ProgramFault(
            code: .notDone,
            message: "nothing here runs programs, so \(call.arguments.first ?? "it") is not run"
        )
    }
}

/// The failure of a program: a code and a sentence.
public struct ProgramFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Hashable, Sendable {
        /// It ran to its end and rejected the input, or printed nothing. Running it again gives the same result.
        case refused
        /// It could not be started, took too long or was ended by a signal. It may succeed the next time.
        case notDone
        /// It is a template, which runs inside discoveryd, and cannot be rendered. Rendering it again gives the
        /// same result.
        case notRendered
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
