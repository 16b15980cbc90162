import Files
import Glibc
import Programs

/// Asks systemd and polkit by their own programs, within a limit.
struct UnitQuestions {
    /// How long one program may take.
    var limit = Duration.seconds(3)

    /// Asks for all properties of units.
    ///
    /// - Returns: In the order of the names; or why there are none.
    func show(_ units: [String]) async -> Result<[UnitProperties], ProgramFault> {
        guard !units.isEmpty else { return .success([]) }
        do throws(ProgramFault) {
            let printed = try await CommandRunner().run(
                ProgramCall(["systemctl", "show", "--no-pager", "--"] + units, limit: limit)
            )
            let text = String(decoding: printed.output, as: UTF8.self)
            return .success(UnitProperties.read(text))
        } catch {
            return .failure(error)
        }
    }

    /// Asks whether a process may have a unit reloaded.
    func mayReload(_ unit: String, _ process: Int32) async -> Asked {
        guard access("/usr/bin/pkcheck", X_OK) == 0 else {
            return .unknown("pkcheck is not installed; where polkit is not either, only root may")
        }
        do throws(ProgramFault) {
            _ = try await CommandRunner().run(
                ProgramCall(
                    [
                        "pkcheck", "--action-id", "org.freedesktop.systemd1.manage-units",
                        "--process", "\(process)", "--detail", "unit", unit, "--detail", "verb",
                        "reload",
                    ],
                    limit: limit
                )
            )
            return .yes
        } catch {
            switch error.code {
            case .refused where error.message.contains("status 127"):
                return .unknown("polkit does not answer: \(error.message)")
            case .refused: return .no("no rule of polkit allows it")
            default: return .unknown(error.message)
            }
        }
    }
}
