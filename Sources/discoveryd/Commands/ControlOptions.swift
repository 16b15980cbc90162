import ArgumentParser
import Registry
import Texts

/// Which daemon is asked.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The daemon's control socket.", valueName: "path"),
        completion: .file()
    )
    var controlSocket = ControlSocket.standardPath

    /// Asks the daemon.
    ///
    /// - Parameter limit: How long it may take, beside 10 s.
    /// - Throws: An exit status, after the reason was said, unless what was asked is done.
    func ask(_ request: ControlRequest, taking limit: Duration = .zero) throws -> ControlAnswer {
        try judged(try answer(to: request, taking: limit))
    }

    /// Asks the daemon, which may answer that it is not done.
    ///
    /// - Parameter limit: How long it may take, beside 10 s.
    /// - Throws: An exit status, after the reason was said, when there is no answer.
    func answer(
        to request: ControlRequest,
        taking limit: Duration
    ) throws -> ControlAnswer {
        do throws(ControlClient.Failure) {
            return try ControlClient(path: controlSocket).ask(request, taking: limit)
        } catch {
            Terminal.complain("discoveryd: \(error.message)")
            switch error {
            case .notRunning, .noAnswer: throw ExitStatus.unavailable
            case .notPermitted: throw ExitStatus.notPermitted
            }
        }
    }

    /// An answer that says that it is done.
    ///
    /// - Throws: An exit status, after the reason was said, for any other.
    func judged(_ answer: ControlAnswer) throws -> ControlAnswer {
        guard answer.outcome != .done else { return answer }
        for message in answer.messages {
            Terminal.complain("discoveryd: \(message)")
        }
        throw answer.outcome.exitStatus
    }

    /// Asks the daemon and prints what it says.
    func askAndPrint(_ request: ControlRequest) throws {
        for message in try ask(request).messages {
            Terminal.print(Terminal.visible(message) + "\n")
        }
    }
}

extension ControlAnswer.Outcome {
    fileprivate var exitStatus: ExitCode {
        switch self {
        case .done: .success
        case .timedOut, .busy: ExitStatus.tryAgain
        case .notPermitted: ExitStatus.notPermitted
        case .refused: ExitStatus.configuration
        case .invalid: ExitStatus.usage
        }
    }
}

/// A service by its name, as an argument.
struct ServiceArgument: ExpressibleByArgument {
    let name: ServiceName

    init?(argument: String) {
        guard let name = ServiceName(declared: argument) else { return nil }
        self.name = name
    }
}

/// A span of time as in the configuration, as an argument.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let text = DurationText(argument) else { return nil }
        duration = text.duration
    }
}
