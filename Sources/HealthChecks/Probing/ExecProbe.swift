import Programs
import Texts

/// Runs a command and judges its exit status.
struct ExecProbe: Probe {
    private let check: ExecCheck

    init(_ check: ExecCheck) {
        self.check = check
    }

    func run() async throws(ProbeFailure) {
        let end: ProgramEnd
        let output: OutputTail
        do throws(ProbeProgram.Fault) {
            (end, output) = try await ProbeProgram.run(check.program, check.arguments)
        } catch {
            throw Self.failure(of: error)
        }
        guard !output.isOver else {
            throw ProbeFailure(
                .output,
                "it wrote more than \(OutputTail.limit / 1024) KiB and was killed; make it print less"
            )
        }
        let said = output.lastLine.map { ": \($0)" } ?? ", without output"
        switch end {
        case .exited(0): return
        case .exited(1) where check.warningPasses: return
        case .exited(let code): throw ProbeFailure(.exit, "exit status \(code)\(said)")
        case .signaled(let signal):
            throw ProbeFailure(.exit, "it was ended by signal \(signal)\(said)")
        }
    }

    private static func failure(of fault: ProbeProgram.Fault) -> ProbeFailure {
        switch fault {
        case .cancelled: .cancelled
        case .notFound(let cause):
            ProbeFailure(
                .notStarted,
                "there is no such program, or the daemon's user may not run it; install it or correct the "
                    + "path",
                cause: cause
            )
        case .notStarted(let cause):
            ProbeFailure(
                .notStarted,
                "it cannot be started: \(OneLine.excerpt(cause)); see the limits of the daemon's unit",
                cause: cause
            )
        case .other(let cause):
            ProbeFailure(.other, "it cannot be run: \(OneLine.excerpt(cause))", cause: cause)
        }
    }
}
