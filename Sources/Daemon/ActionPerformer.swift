import EndpointFiles
import Logging
import Programs
import Systemd

/// Does what the configuration says is to be done with files: asks programs about them, and has readers
/// take them up.
struct ActionPerformer: Sendable {
    private static let linesLogged = 20

    let log: Logger
    private let runner = CommandRunner()

    init(log: Logger) {
        self.log = log
    }

    /// The publisher's ``ProgramRunner``. A program that makes a file has to make something.
    func content(
        _ call: ProgramCall,
        _ input: [UInt8]
    ) async throws(ProgramFault) -> [UInt8] {
        let printed = try await runner.run(call, input: input)
        guard input.isEmpty || !printed.output.isEmpty else {
            let message = "\(call.arguments.first ?? "the program") printed nothing"
            throw ProgramFault(code: .refused, message: message)
        }
        return printed.output
    }

    /// The reloader's performer.
    func perform(_ action: ReloadAction) async throws(ReloadFault) -> ReloadEnding {
        switch action.kind {
        case .unit(let unit): return try await reload(unit, within: action.limit)
        case .command(let arguments):
            try await run(ProgramCall(arguments, limit: action.limit))
            return .done
        }
    }

    private func reload(
        _ unit: String,
        within limit: Duration
    ) async throws(ReloadFault) -> ReloadEnding {
        do throws(SystemdError) {
            switch try await ServiceManager().reloadUnit(unit, within: limit) {
            case .reloaded: return .done
            case .notActive:
                log.info(
                    "unit not reloaded: it is not active",
                    metadata: ["unit": "\(unit)"]
                )
                return .done
            case .beingStopped:
                log.debug(
                    "reload of the unit postponed: it is being stopped",
                    metadata: ["unit": "\(unit)"]
                )
                return .putOff
            }
        } catch {
            throw ReloadFault(message: error.message)
        }
    }

    private func run(_ call: ProgramCall) async throws(ReloadFault) {
        do throws(ProgramFault) {
            let printed = try await runner.run(call)
            for line in printed.words.all.suffix(Self.linesLogged) {
                log.info("\(line)", metadata: ["program": "\(call.arguments.first ?? "")"])
            }
        } catch {
            throw ReloadFault(message: error.message)
        }
    }
}
