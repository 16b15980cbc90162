import Foundation
import TestKit

/// The programs that read our files. One that is missing fails the test.
enum Consumer: String {
    case haproxy, nginx, caddy, prometheus, promtool, dnsmasq, envoy, sh, bash, python3
    case systemdAnalyze = "systemd-analyze"
    case environmentGenerator = "30-systemd-environment-d-generator"

    /// It is not installed.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// Its path.
    func path() throws -> String {
        let places = [
            "/usr/sbin", "/usr/bin", "/usr/lib/systemd/user-environment-generators",
            Repository.root.appending(path: ".build/tools/envoy").path,
        ]
        let found = places.map { "\($0)/\(rawValue)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else {
            throw Missing(description: "\(rawValue) is missing; run dev/install-packages.sh")
        }
        return found
    }

    /// Runs it to its end.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws
        -> Command.Result
    {
        try await Command(path(), arguments, environment: environment).run()
    }
}
