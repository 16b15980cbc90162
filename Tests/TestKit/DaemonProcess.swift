import Foundation
import Synchronization

/// The built program, running, as a user would start it.
public final class DaemonProcess: Sendable {
    /// The program that the tests were built with.
    public static let program = Repository.root.appending(path: ".build/debug/discoveryd").path

    private let process: Mutex<Process>
    private let log: String

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - log: The file that gets what it prints, both streams.
    ///   - environment: Added to ours.
    public init(_ arguments: [String], log: String, environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(filePath: Self.program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(filePath: log))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        self.process = Mutex(process)
        self.log = log
    }

    /// What it printed so far.
    public var printed: String {
        (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    }

    /// Whether it still runs.
    public var isRunning: Bool { process.withLock { $0.isRunning } }

    /// Sends a signal.
    public func send(_ signal: Int32) {
        process.withLock { process in
            if process.isRunning { Glibc.kill(process.processIdentifier, signal) }
        }
    }

    /// Waits for its end.
    ///
    /// - Returns: Its exit status, or the signal that ended it, negative.
    public func ended(within limit: Duration = .seconds(10)) async throws -> Int32 {
        try await eventually("the program ends", within: limit) { !isRunning }
        return process.withLock { process in
            process.terminationReason == .exit
                ? process.terminationStatus : -process.terminationStatus
        }
    }
}
