import Configuration
import Doctor
import EndpointFiles
import Files
import Glibc
import Systemd

/// Finds what would keep the daemon from writing its files, as far as that shows without writing.
struct OutputCheck {
    /// What was found.
    struct Findings: Equatable {
        /// What keeps a file from being written.
        var faults: [String] = []
        /// What may.
        var warnings: [String] = []
    }

    /// Those of the unit; without one nothing is known of a sandbox.
    let settings: ServiceSettings?
    /// Whether we may what the daemon may.
    let seesAsDaemon: Bool

    func findings(of outputs: [Configuration.Output]) -> Findings {
        var findings = Findings()
        for path in outputs.map(\.path) {
            do throws(FileError) {
                try AtomicFileWriter().look(at: path)
            } catch {
                let directory = Self.directory(of: path)
                if error.code == .directoryMissing, isMadeAtStart(directory) { continue }
                // What another user may not says nothing of what the daemon may.
                if !seesAsDaemon, error.errno == EACCES || error.errno == EPERM { continue }
                findings.faults.append("\(error)")
                continue
            }
            if let warning = sandboxWarning(path) { findings.warnings.append(warning) }
        }
        return findings
    }

    /// Whether systemd makes a directory before the daemon starts.
    private func isMadeAtStart(_ directory: String) -> Bool {
        // What does not exist yet cannot be resolved; this link is on every host.
        let link = "/var/run/"
        let place =
            directory.hasPrefix(link) ? "/run/\(directory.dropFirst(link.count))" : directory
        return made.contains(place)
    }

    private var made: [String] {
        guard let settings else { return ["/run/discoveryd", "/var/lib/discoveryd"] }
        return settings.runtimeDirectories.map { "/run/\($0)" }
            + settings.stateDirectories.map { "/var/lib/\($0)" }
    }

    /// The sandbox is seen from inside only, so this is what the unit says.
    private func sandboxWarning(_ path: String) -> String? {
        guard let settings, settings.protectSystem == "strict" else { return nil }
        let directory = Self.real(Self.directory(of: path))
        let sandbox = Sandbox(
            protectSystem: settings.protectSystem,
            made: made,
            writable: settings.readWritePaths
        )
        guard !sandbox.allowsWriting(in: directory, real: Self.real) else { return nil }
        return "\(path): the sandbox of the unit does not let the daemon write there; add "
            + "ReadWritePaths=\(directory) with 'systemctl edit discoveryd'"
    }

    private static func directory(of path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// The path without symbolic links; as it is where there is nothing. See realpath(3).
    private static func real(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }
}
