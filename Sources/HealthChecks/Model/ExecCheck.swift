/// A command whose exit status is the result. It runs without a shell, in a session of its own, in `/`, with
/// a minimal environment and nothing on its standard input.
///
/// 0 passes, anything else fails. 1 is a warning to Nagios' plugins and a plain failure to every other
/// command (`false`, `pg_isready`, `grep`), and a warning does not count as passing in Consul either;
/// so it fails, unless the plugin's meaning is configured.
public struct ExecCheck: Hashable, Sendable, CustomStringConvertible {
    /// The program, by its absolute path.
    public let program: String
    /// The arguments, without the program.
    public let arguments: [String]
    /// Whether the exit status 1 passes.
    public var warningPasses: Bool

    /// Describes a command: the program and its arguments.
    ///
    /// - Returns: `nil` unless the first word is an absolute path, and for words with a NUL.
    public init?(_ words: [String], warningPasses: Bool = false) {
        guard let program = words.first, program.hasPrefix("/"),
            !words.contains(where: { $0.utf8.contains(0) })
        else { return nil }
        self.program = program
        arguments = Array(words.dropFirst())
        self.warningPasses = warningPasses
    }

    /// The program. Arguments are not shown: there may be a secret among them.
    public var description: String { program }
}
