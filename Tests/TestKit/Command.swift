/// A program, run to its end without holding up other tests.
public struct Command: Sendable {
    /// What a program left behind.
    public struct Result: Sendable {
        /// Its exit status, or the signal that ended it, negative.
        public let status: Int32
        /// What it wrote to its standard output.
        public let output: String
        /// What it wrote to its standard error.
        public let errors: String
    }

    private let program: String
    private let arguments: [String]
    private let environment: [String: String]

    /// A program by its path, with arguments, and with variables added to our environment.
    public init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs the program.
    ///
    /// - Throws: ``DidNotHappen`` when it has not ended after `limit`; it is then killed.
    public func run(within limit: Duration = .seconds(60)) async throws -> Result {
        // Files, not pipes: a pipe that nobody reads fills up and holds the program.
        try await TemporaryDirectory.with { directory in
            let process = try ChildProcess(
                program,
                arguments,
                environment: environment,
                output: directory.file("out"),
                errors: directory.file("err")
            )
            defer { process.kill() }
            let status = try await process.ended(within: limit)
            return Result(
                status: status,
                output: directory.read("out") ?? "",
                errors: directory.read("err") ?? ""
            )
        }
    }
}
