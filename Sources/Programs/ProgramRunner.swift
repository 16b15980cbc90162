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
