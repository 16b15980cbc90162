import Glibc
import TestKit
import Testing
import Texts

@testable import EndpointFiles

/// A HAProxy with a master and workers, of which `list.cfg` is one file.
struct RunningHAProxy: Sendable {
    let directory: TemporaryDirectory
    private let master: ChildProcess
    let socket: RuntimeSocket

    var list: String { directory.file("list.cfg") }

    /// Runs `body` beside a HAProxy that has loaded the list.
    ///
    /// - Parameter balance: The algorithm of all backends.
    static func with(
        _ list: String,
        balance: String = "roundrobin",
        isolation: isolated (any Actor)? = #isolation,
        _ body: (RunningHAProxy) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            _ = try directory.write("list.cfg", list)
            let base = try directory.write(
                "haproxy.cfg",
                """
                global
                    stats socket \(directory.file("admin")) level admin
                defaults
                    mode http
                    balance \(balance)
                    timeout connect 1s
                    timeout client 5s
                    timeout server 5s
                frontend in
                    bind unix@\(directory.file("in"))

                """
            )
            let files = ["-f", base, "-f", directory.file("list.cfg")]
            let check = try await Consumer.haproxy.run(["-c"] + files)
            #expect(check.status == 0, "\(check.output)\(check.errors)")
            let master = try ChildProcess(
                Consumer.haproxy.path(),
                ["-W", "-db"] + files,
                errors: directory.file("log")
            )
            defer { master.kill() }
            let haproxy = RunningHAProxy(
                directory: directory,
                master: master,
                socket: RuntimeSocket(path: directory.file("admin"))
            )
            try await eventually("HAProxy answers", within: .seconds(60)) {
                #expect(master.status == nil, "\(directory.read("log") ?? "")")
                return (try? haproxy.socket.ask("show info")) != nil
            }
            try await body(haproxy)
            kill(master.id, SIGTERM)
        }
    }

    /// Has it load the list anew, as `systemctl reload` does, and waits for the new worker.
    func reload() async throws {
        let before = try pid
        kill(master.id, SIGUSR2)
        var asked = ContinuousClock.now
        do {
            try await eventually("HAProxy has a new worker", within: .seconds(60)) {
                if let now = try? pid, now != before { return true }
                // Its master looks for signals and then waits for something to happen: one that comes in between may be
                // seen with the next only, as haproxy/haproxy#1841 has it.
                if asked.duration(to: .now) > .seconds(5) {
                    kill(master.id, SIGUSR2)
                    asked = .now
                }
                return false
            }
        } catch {
            if !Task.isCancelled {
                Issue.record("HAProxy's words: \(directory.read("log") ?? "none")")
            }
            throw error
        }
    }

    var pid: Int { get throws { try HAProxyProcess(socket.ask("show info")).pid } }

    func servers(_ backend: String = "web") throws -> [RunningServer] {
        try RunningServer.servers(inState: socket.ask("show servers state \(backend)"))
    }

    /// `NAME ADDRESS:PORT WEIGHT ADMIN-STATE`, sorted.
    func lines(_ backend: String = "web") -> [String] {
        ((try? servers(backend)) ?? []).map { server in
            "\(server.name) \(server.address?.joined(port: server.port) ?? "-") \(server.weight) "
                + "\(server.admin.rawValue)"
        }
        .sorted()
    }
}
