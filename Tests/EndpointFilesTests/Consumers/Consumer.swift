import Foundation
import TestKit
import Testing

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

    /// The assignments that systemd reads from a text. The generator for environment.d(5) has the same reader as
    /// EnvironmentFile, but leaves out what is empty; it prints for a shell.
    static func systemdEnvironment(_ text: String) async throws -> [Substring] {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("list.conf", text)
            let script = """
                set -eu
                mkdir "$1/environment.d"
                cp "$2" "$1/environment.d/"
                "$3" >"$1/out"
                set -a
                . "$1/out"
                exec /usr/bin/env -0
                """
            let result = try await sh.run(
                ["-c", script, "sh", directory.path, path, environmentGenerator.path()],
                environment: ["XDG_CONFIG_HOME": directory.path]
            )
            #expect(result.status == 0, "\(result.errors)")
            return result.output.split(separator: "\0")
        }
    }

    /// The output of a Python program that is given the path of a file with a text.
    static func python(_ program: String, reading text: String) async throws -> String {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("list", text)
            let result = try await python3.run(["-c", program, path])
            #expect(result.status == 0, "\(result.errors)")
            return result.output
        }
    }

    /// Has nginx test a configuration.
    ///
    /// - Parameter http: What stands in its `http` section.
    static func nginxTests(
        _ http: String,
        in directory: TemporaryDirectory
    ) async throws -> Command.Result {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.file($0));" }
        let path = try directory.write(
            "nginx.conf",
            """
            pid \(directory.file("pid"));
            error_log stderr;
            events {}
            http {
            access_log off;
            \(temporary.joined(separator: "\n"))
            \(http)
            }

            """
        )
        return try await nginx.run(["-t", "-q", "-p", directory.path, "-e", "stderr", "-c", path])
    }

    /// Runs it to its end.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws
        -> Command.Result
    {
        try await Command(path(), arguments, environment: environment).run()
    }
}
