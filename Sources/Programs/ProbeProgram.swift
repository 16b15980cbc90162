import Subprocess
import SystemPackage
import Texts

/// Runs a program that says with its exit status how something is, and with its last line why.
///
/// What it writes to either output is read together, and what is more than ``OutputTail/limit`` ends it. Whatever is
/// left of its process group is killed when it has ended or was cancelled; a child that makes a session for itself
/// escapes that, and ends with the daemon's unit.
package enum ProbeProgram {
    /// Why a program was not run.
    package enum Fault: Error, Sendable {
        /// There is none of that name, or we may not run it.
        case notFound(cause: String)
        /// fork(2) or exec(2) failed.
        case notStarted(cause: String)
        /// The task was cancelled; the program was ended.
        case cancelled
        /// Anything else.
        case other(cause: String)
    }

    /// Between SIGTERM and SIGKILL of one that is cancelled.
    private static let grace = Duration.seconds(1)

    /// Waits for the end of a program: signal 0 does nothing to it. Many short steps, because a sleep
    /// that is cancelled keeps its memory until the time it would have ended.
    private static let waiting = [TeardownStep](
        repeating: .send(
            signal: Signal(rawValue: 0),
            toProcessGroup: true,
            allowedDurationToNextStep: .seconds(10)
        ),
        count: 360
    )

    /// Runs a program to its end, or to that of the task.
    ///
    /// - Parameter path: Absolute.
    /// - Throws: ``Fault``.
    package static func run(
        _ path: String,
        _ arguments: [String]
    ) async throws(Fault) -> (end: ProgramEnd, output: OutputTail) {
        let result: (ProgramEnd, OutputTail)
        do {
            result = try await execute(path, arguments)
        } catch {
            throw fault(error)
        }
        if Task.isCancelled { throw .cancelled }
        return result
    }

    private static func execute(
        _ path: String,
        _ arguments: [String]
    ) async throws -> (ProgramEnd, OutputTail) {
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: Surroundings.environment,
            workingDirectory: Surroundings.directory,
            platformOptions: Surroundings.options(grace: grace),
            input: .none,
            output: .sequence,
            error: .combinedWithOutput
        ) { execution in
            var tail = OutputTail()
            for try await part in execution.standardOutput {
                part.withUnsafeBytes { tail.append($0) }
                if tail.isOver { break }
            }
            if tail.isOver { try? execution.send(signal: .kill, toProcessGroup: true) }
            // The output may end before the program does. Cancelling the task ends it by the sequence
            // of its options; after an hour it is killed all the same.
            await execution.teardown(using: waiting)
            // It is dead and not yet reaped, so nobody else can have its number: this reaches the
            // children that it left behind, and nobody else.
            try? execution.send(signal: .kill, toProcessGroup: true)
            return tail
        }
        return (ProgramEnd(result.terminationStatus), result.closureResult)
    }

    private static func fault(_ error: any Error) -> Fault {
        guard !Task.isCancelled else { return .cancelled }
        return switch (error as? SubprocessError)?.code {
        case .executableNotFound?: .notFound(cause: "\(error)")
        case .spawnFailed?: .notStarted(cause: "\(error)")
        default: .other(cause: "\(error)")
        }
    }
}

/// The end of what a command writes, and how much it was.
package struct OutputTail: Sendable {
    /// How much a command may write.
    package static let limit = 64 * 1024
    private static let kept = 4 * 1024

    private var tail: [UInt8] = []
    private var count = 0

    /// Whether it was too much.
    package var isOver: Bool { count > Self.limit }

    /// More was written.
    mutating func append(_ bytes: some Collection<UInt8>) {
        count += bytes.count
        tail.append(contentsOf: bytes.suffix(Self.kept))
        if tail.count > Self.kept { tail.removeFirst(tail.count - Self.kept) }
    }

    /// The last line that is not empty, fit to be shown; `nil` when there is none.
    package var lastLine: String? {
        let lines = tail.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        let texts = lines.lazy.reversed().map {
            OneLine.excerpt(String(decoding: $0, as: UTF8.self))
        }
        return texts.first { $0.contains { $0 != " " } }
    }
}
