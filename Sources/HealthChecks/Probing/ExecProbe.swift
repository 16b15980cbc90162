import Subprocess
import Texts

/// Runs a command and judges its exit status.
///
/// The command gets a session and with it a process group of its own; whatever is left of the group is
/// killed when the command has ended or was cancelled. A child that makes a session for itself escapes
/// that, and ends with the daemon's unit.
struct ExecProbe: Probe {
    /// How long a cancelled command has between SIGTERM and SIGKILL.
    private static let grace = Duration.seconds(1)

    /// Waits for the end of a command: signal 0 does nothing to it. Many short steps, because a sleep
    /// that is cancelled keeps its memory until the time it would have ended.
    private static let waiting = [TeardownStep](
        repeating: .send(
            signal: Signal(rawValue: 0),
            toProcessGroup: true,
            allowedDurationToNextStep: .seconds(10)
        ),
        count: 360
    )

    /// A daemon's environment has what is no business of a check: credentials' paths, the notify socket.
    private static let environment: Environment = .custom([
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
    ])

    private let check: ExecCheck

    init(_ check: ExecCheck) {
        self.check = check
    }

    func run() async throws(ProbeFailure) {
        let (status, output): (TerminationStatus, OutputTail)
        do {
            (status, output) = try await execute()
        } catch {
            throw Task.isCancelled ? .cancelled : failure(of: error)
        }
        if Task.isCancelled { throw .cancelled }
        try judge(status, output)
    }

    // MARK: running

    private func execute() async throws -> (TerminationStatus, OutputTail) {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.grace)
        ]
        let result = try await Subprocess.run(
            .path(Self.literal(check.program)),
            arguments: Arguments(check.arguments),
            environment: Self.environment,
            workingDirectory: Self.literal("/"),
            platformOptions: options,
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
            // The output may end before the command does. Cancelling the task ends it by the sequence
            // above; after an hour it is killed all the same.
            await execution.teardown(using: Self.waiting)
            // It is dead and not yet reaped, so nobody else can have its number: this reaches the
            // children that it left behind, and nobody else.
            try? execution.send(signal: .kill, toProcessGroup: true)
            return tail
        }
        return (result.terminationStatus, result.closureResult)
    }

    /// Subprocess's own type for paths is made from a literal; we have a text.
    private static func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
    where Path.StringLiteralType == String {
        Path(stringLiteral: text)
    }

    // MARK: judging

    private func judge(_ status: TerminationStatus, _ output: OutputTail) throws(ProbeFailure) {
        guard !output.isOver else {
            throw ProbeFailure(
                .output,
                "it wrote more than \(OutputTail.limit / 1024) KiB and was killed; make it print less"
            )
        }
        let said = output.lastLine.map { ": \($0)" } ?? ", without output"
        switch status {
        case .exited(0): return
        case .exited(1) where check.warningPasses: return
        case .exited(let code): throw ProbeFailure(.exit, "exit status \(code)\(said)")
        case .signaled(let signal):
            throw ProbeFailure(.exit, "it was ended by signal \(signal)\(said)")
        }
    }

    private func failure(of error: any Error) -> ProbeFailure {
        let code = (error as? SubprocessError)?.code
        return if code == .executableNotFound {
            ProbeFailure(
                .notStarted,
                "there is no such program, or the daemon's user may not run it; install it or correct the "
                    + "path",
                cause: "\(error)"
            )
        } else if code == .spawnFailed {
            ProbeFailure(
                .notStarted,
                "it cannot be started: \(OneLine.excerpt("\(error)")); see the limits of the daemon's unit",
                cause: "\(error)"
            )
        } else {
            ProbeFailure(
                .other,
                "it cannot be run: \(OneLine.excerpt("\(error)"))",
                cause: "\(error)"
            )
        }
    }
}
