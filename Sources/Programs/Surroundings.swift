import Subprocess
import SystemPackage

/// Sets up the surroundings of each program that we run: next to no environment, `/` as its directory, and a session and
/// process group of its own, so that all it has started can be ended with it.
enum Surroundings {
    /// Nothing of ours: what systemd tells us by variables, credentials' paths and the notify socket among it, is
    /// not for others.
    static let environment: Environment = .custom([
        "PATH": ProgramCall.searchPath, "LANG": "C.UTF-8",
    ])

    static let directory: FilePath = "/"

    /// A program that is cancelled gets SIGTERM, with all that it has started, and SIGKILL when `grace` is over.
    static func options(grace: Duration) -> PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace)
        ]
        return options
    }
}

/// The end of a program that was started.
package enum ProgramEnd: Hashable, Sendable {
    /// With an exit status.
    case exited(Int32)
    /// By a signal.
    case signaled(Int32)

    init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .exited(code)
        case .signaled(let signal): self = .signaled(signal)
        }
    }
}
