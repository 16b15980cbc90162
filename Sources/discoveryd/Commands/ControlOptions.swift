import ArgumentParser
import Daemon
import FoundationEssentials
import LocalServer
import Registry
import Texts

/// Options that choose the daemon, and the request to it.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The daemon's control socket.", valueName: "path"),
        completion: .file()
    )
    var controlSocket = LocalAPIRoutes.standardSocket

    /// How long the daemon may take beside what it is asked to take.
    private static let patience = Duration.seconds(10)

    /// Asks the daemon.
    ///
    /// - Parameter limit: How long it may take, beside 10 s.
    /// - Throws: An exit status, after the reason was said, unless what was asked is done.
    func ask(
        _ request: LocalAPIRequest,
        taking limit: Duration = .zero
    ) async throws -> LocalAPIAnswer {
        try judged(try await answer(to: request, taking: limit))
    }

    /// Asks the daemon, which may answer that it is not done.
    ///
    /// - Parameter limit: How long it may take, beside 10 s.
    /// - Throws: An exit status, after the reason was said, when there is no answer.
    /// - Parameter isQuiet: Whether the reason is left unsaid, because it was said before.
    func answer(
        to request: LocalAPIRequest,
        taking limit: Duration,
        isQuiet: Bool = false
    ) async throws -> LocalAPIAnswer {
        let isChange = request.action.isChange
        do throws(LocalHTTPClient.Failure) {
            let answer = try await LocalHTTPClient(path: controlSocket).ask(
                isChange ? .post : .get,
                request.target,
                within: limit + Self.patience
            )
            guard let known = LocalAPIAnswer(answer, to: request) else { throw .otherProtocol }
            return known
        } catch {
            if !isQuiet { Terminal.complain("discoveryd: \(sentence(error))") }
            throw error == .notPermitted ? ExitStatus.notPermitted : ExitStatus.unavailable
        }
    }

    private func sentence(_ failure: LocalHTTPClient.Failure) -> String {
        switch failure {
        case .notRunning:
            "the daemon is not running here: nothing listens at \(controlSocket); see 'systemctl status "
                + "discoveryd', or name its socket with --control-socket"
        case .notPermitted:
            "not permitted to ask discoveryd at \(controlSocket): be root or a member of the socket's group"
        case .noAnswer: "no answer from discoveryd at \(controlSocket); see its log"
        case .otherProtocol: LocalAPIRoutes.otherVersion
        }
    }

    /// An answer that says that it is done.
    ///
    /// - Throws: An exit status, after the reason was said, for any other.
    func judged(_ answer: LocalAPIAnswer) throws -> LocalAPIAnswer {
        guard answer.outcome != .done else { return answer }
        for message in answer.messages {
            Terminal.complain("discoveryd: \(message)")
        }
        throw answer.outcome.exitStatus
    }

    /// Asks the daemon for a report, and reads it.
    ///
    /// - Parameters:
    ///   - limit: How long it may take, beside 10 s.
    ///   - isQuiet: Whether the reason is left unsaid when the daemon cannot be asked.
    /// - Throws: An exit status, after the reason was said.
    func report<Report: Decodable>(
        _ request: LocalAPIRequest,
        taking limit: Duration = .zero,
        isQuiet: Bool = false
    ) async throws -> Report {
        let answer = try judged(try await answer(to: request, taking: limit, isQuiet: isQuiet))
        let json = Data((answer.report ?? "").utf8)
        guard let report = try? JSONDecoder().decode(Report.self, from: json) else {
            Terminal.complain("discoveryd: \(LocalAPIRoutes.otherVersion)")
            throw ExitStatus.unavailable
        }
        return report
    }

    /// Asks the daemon and prints what it says.
    func askAndPrint(_ request: LocalAPIRequest) async throws {
        for message in try await ask(request).messages {
            Terminal.print(Terminal.visible(message) + "\n")
        }
    }
}

extension LocalAPIAnswer.Outcome {
    fileprivate var exitStatus: ExitCode {
        switch self {
        case .done: .success
        case .pending, .timedOut, .busy, .stopping: ExitStatus.tryAgain
        case .notPermitted: ExitStatus.notPermitted
        case .refused: ExitStatus.configuration
        case .unknownService, .conflict, .invalid: ExitStatus.usage
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
