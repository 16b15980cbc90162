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
