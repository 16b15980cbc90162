import Glibc
import Machines
import Subprocess
import Synchronization
import SystemPackage
import Texts

/// Runs the programs that the configuration names: without a shell, with next to no environment, each in
/// a session of its own, so that all it has started can be ended with it.
package struct CommandRunner: Sendable {
    package init() {}

    /// What a program printed.
    package struct Printed: Sendable {
        /// Its standard output.
        package var output: [UInt8] = []
        /// Its last lines for people.
        package var words: LastLines
    }

    /// The most that a program may print on its standard output.
    private static let outputLimit = 16 * 1024 * 1024
    /// Between SIGTERM and SIGKILL.
    private static let grace = Duration.seconds(2)
    /// Runs a program to its end. One that takes longer than its limit, or that is under way when the
    /// task is cancelled, is ended with its whole process group: SIGTERM, and SIGKILL 2 s later.
    ///
    /// - Parameter input: What stands in its standard input; it need not read it.
    /// - Throws: ``ProgramFault``: `refused` when its exit status is not zero, `notDone` for all else.
    package func run(_ call: ProgramCall, input: [UInt8] = []) async throws(ProgramFault) -> Printed
    {
        let name = call.arguments.first ?? ""
        let run = Run()
        let ended: (end: ProgramEnd, output: [UInt8])?
        do {
            ended = try await within(call.limit) { try await run.result(of: call, input) }
        } catch {
            throw Task.isCancelled
                ? .notDone("\(name) was ended, as discoveryd stops")
                : .notDone(Self.sentence(error, name))
        }
        let words = run.words.withLock { $0 }
        guard let ended else {
            run.killGroup()
            throw .notDone(
                "\(name) took longer than \(DurationText(call.limit)) and was ended",
                words
            )
        }
        switch ended.end {
        case .exited(0): return Printed(output: ended.output, words: words.or(ended.output))
        case .exited(let status):
            let said = words.or(ended.output)
            throw ProgramFault(
                code: .refused,
                message: "\(name) ended with status \(status)\(said.afterColon)"
            )
        case .signaled(let signal): throw .notDone("\(name) was ended by signal \(signal)", words)
        }
    }

    private static func sentence(_ error: any Error, _ name: String) -> String {
        switch (error as? SubprocessError)?.code {
        case .executableNotFound?:
            "there is no program \(Quoted(name)); install it, or name it by its path"
        case .outputLimitExceeded?: "\(name) printed more than \(outputLimit) bytes"
        default: "\(name) cannot be run: \(OneLine.escaped("\(error)"))"
        }
    }

    /// One run.
    private final class Run: Sendable {
        let words = Mutex(LastLines())
        private let leader = Mutex<pid_t?>(nil)

        func result(
            of call: ProgramCall,
            _ input: [UInt8]
        ) async throws -> (end: ProgramEnd, output: [UInt8]) {
            let name = call.arguments.first ?? ""
            let result = try await Subprocess.run(
                name.hasPrefix("/") ? .path(FilePath(name)) : .name(name),
                arguments: Arguments(Array(call.arguments.dropFirst())),
                environment: Surroundings.environment,
                workingDirectory: Surroundings.directory,
                platformOptions: Surroundings.options(grace: CommandRunner.grace),
                input: GivenInput(bytes: input),
                output: .bytes(limit: CommandRunner.outputLimit),
                error: .sequence
            ) { [self] execution in
                leader.withLock { $0 = execution.processIdentifier.value }
                for try await buffer in execution.standardError {
                    buffer.withUnsafeBytes { bytes in words.withLock { $0.append(bytes) } }
                }
            }
            return (ProgramEnd(result.terminationStatus), result.standardOutput)
        }

        /// Ends what outlives its leader. While it does, no other process is given the group's number.
        func killGroup() {
            if let leader = leader.withLock({ $0 }), leader > 1 { kill(-leader, SIGKILL) }
        }
    }

    /// What a program is given to read; that it ends without having read all of it is no failure.
    private struct GivenInput: InputProtocol {
        let bytes: [UInt8]

        func write(with writer: StandardInputWriter) async throws {
            if !bytes.isEmpty { _ = try? await writer.write(bytes) }
        }
    }
}

extension ProgramFault {
    fileprivate static func notDone(_ what: String, _ words: LastLines = LastLines())
        -> ProgramFault
    {
        ProgramFault(code: .notDone, message: "\(what)\(words.afterColon)")
    }
}

/// The end of what a program printed, as people are told of it.
package struct LastLines: Sendable {
    /// Of more than this only the end is kept.
    private static let bytes = 4096
    private static let lines = 3

    private var kept: [UInt8] = []

    init() {}

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        kept += bytes.suffix(Self.bytes)
        kept = kept.suffix(Self.bytes)
    }

    /// These, or the last lines of another text when there are none.
    func or(_ other: [UInt8]) -> LastLines {
        guard all.isEmpty else { return self }
        var lines = LastLines()
        other.withUnsafeBytes { lines.append($0) }
        return lines
    }

    /// The lines that are not blank, in order, safe to print; of a first one that was cut, the rest.
    package var all: [String] {
        kept.split { $0 == 0x0a || $0 == 0x0d }.map { line in
            OneLine.escaped(String(decoding: line, as: UTF8.self)).trimmed
        }
        .filter { !$0.isEmpty }
    }

    /// `: ` and the last few in one, or nothing.
    var afterColon: String {
        let last = all.suffix(Self.lines)
        return last.isEmpty ? "" : ": \(last.joined(separator: "; "))"
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
    }
}
