import Foundation

/// The built program, running, as a user would start it.
public final class DaemonProcess: Sendable {
    /// The program that the tests were built with.
    public static let program = Repository.root.appending(path: ".build/debug/discoveryd").path

    private let process: ChildProcess
    private let log: String

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - log: The file that gets what it prints, both streams.
    ///   - environment: Added to ours.
    ///   - blocked: The signals that are blocked as it begins.
    public init(
        _ arguments: [String],
        log: String,
        environment: [String: String] = [:],
        blocked: [Int32] = []
    ) throws {
        process = try ChildProcess(
            Self.program,
            arguments,
            environment: environment,
            output: log,
            errors: log,
            blocked: blocked
        )
        self.log = log
    }

    /// What it printed so far.
    public var printed: String {
        (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    }

    /// Its process id.
    public var id: Int32 { process.id }

    /// Whether it still runs.
    public var isRunning: Bool { process.status == nil }

    /// Sends a signal.
    public func send(_ signal: Int32) { process.send(signal) }

    /// Waits for its end.
    ///
    /// - Returns: Its exit status, or the signal that ended it, negative.
    public func ended(within limit: Duration = .seconds(10)) async throws -> Int32 {
        try await process.ended(within: limit)
    }
}
