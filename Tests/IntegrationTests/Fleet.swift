import Foundation
import TestKit
import Testing

/// Daemons round one real etcd, each with a directory, a configuration and a file of its own.
final class Fleet {
    /// One daemon.
    struct Host {
        let name: String
        let process: DaemonProcess
        let directory: TemporaryDirectory

        /// The file as it is now.
        var file: String? { directory.read("\(name).json") }

        /// The services in the file, as JSON in one spelling; `nil` without a whole list.
        var services: String? { Fleet.services(in: file) }

        /// Asks it as a person would: `discoveryd COMMAND --control-socket …`.
        func ask(_ arguments: String...) async throws -> Command.Result {
            try await Command(
                DaemonProcess.program,
                arguments + ["--control-socket", directory.file("\(name).sock")]
            ).run()
        }

        /// The states of the endpoints in the file by `service/id`.
        var states: [String: String] {
            guard let file, let list = try? JSONSerialization.jsonObject(with: Data(file.utf8)),
                let services = (list as? [String: Any])?["services"] as? [String: [[String: Any]]]
            else { return [:] }
            var states: [String: String] = [:]
            for (name, endpoints) in services {
                for endpoint in endpoints {
                    states["\(name)/\(endpoint["id"] as? String ?? "?")"] =
                        endpoint["state"] as? String
                }
            }
            return states
        }

        /// `service/id` of every endpoint in the file, sorted.
        var keys: [String] {
            guard let file, let list = try? JSONSerialization.jsonObject(with: Data(file.utf8)),
                let services = (list as? [String: Any])?["services"] as? [String: [[String: Any]]]
            else { return [] }
            return services.flatMap { name, endpoints in
                endpoints.map { "\(name)/\($0["id"] as? String ?? "?")" }
            }.sorted()
        }
    }

    /// `[lease]` of a daemon that leaves its registrations for the next run, as systemd's restart has it.
    static let keepsLease = "[lease]\nttl = \"60s\"\non_stop = \"keep\"\n"
    /// A lease that does not end while a test waits.
    static let long = "[lease]\nttl = \"60s\"\n"

    let etcd: EtcdServer
    let directory: TemporaryDirectory
    private(set) var hosts: [Host] = []

    private init(etcd: EtcdServer, directory: TemporaryDirectory) {
        self.etcd = etcd
        self.directory = directory
    }

    /// Runs `body` with a fresh etcd and no daemon yet; ends whatever was started.
    static func with(
        _ version: EtcdVersion = .debian,
        _ options: EtcdOptions = EtcdOptions(),
        _ body: (Fleet) async throws -> Void
    ) async throws {
        try await EtcdServer.with(version, options) { etcd in
            try await TemporaryDirectory.with { directory in
                let fleet = Fleet(etcd: etcd, directory: directory)
                defer { for host in fleet.hosts { host.process.send(SIGKILL) } }
                do {
                    try await body(fleet)
                } catch {
                    for host in fleet.hosts { print("--- \(host.name)\n\(host.process.printed)") }
                    throw error
                }
            }
        }
    }

    /// Starts a daemon.
    ///
    /// - Parameters:
    ///   - services: Ports by `service/id`.
    ///   - etcd: The settings of etcd, where they are not just the fleet's endpoint.
    ///   - more: More configuration.
    ///   - arguments: More arguments.
    ///   - state: The directory in which one run leaves what the next goes on with.
    ///   - blocked: The signals that are blocked as it begins.
    @discardableResult
    func start(
        _ name: String,
        services: [String: Int],
        etcd: String? = nil,
        ttl: String = "10s",
        lease: String? = nil,
        more: String = "",
        arguments: [String] = [],
        environment: [String: String] = [:],
        state: String? = nil,
        blocked: [Int32] = []
    ) throws -> Host {
        try configure(name, services: services, etcd: etcd, ttl: ttl, lease: lease, more: more)
        let process = try DaemonProcess(
            [
                "run", "-c", directory.file("\(name).conf"), "--status-file",
                directory.file("\(name).status"), "--control-socket",
                directory.file("\(name).sock"),
            ] + (state.map { ["--state-directory", $0] } ?? []) + arguments,
            // Each run has a log of its own: what it says is not taken for what an earlier one said.
            log: directory.file("\(name)-\(hosts.count).log"),
            environment: environment,
            blocked: blocked
        )
        let host = Host(name: name, process: process, directory: directory)
        hosts.append(host)
        return host
    }

    /// A directory in which one run leaves what the next goes on with.
    func stateDirectory() throws -> String {
        let path = directory.file("state")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Writes a daemon's configuration.
    func configure(
        _ name: String,
        services: [String: Int],
        etcd settings: String? = nil,
        ttl: String = "10s",
        lease: String? = nil,
        more: String = ""
    ) throws {
        try Self.configure(
            name,
            in: directory,
            services: services,
            etcd: settings ?? "endpoints = [\"\(etcd.endpoint)\"]",
            lease: lease ?? "[lease]\nttl = \"\(ttl)\"",
            more: more
        )
    }

    /// Writes a configuration, for an etcd of which the settings say where it is.
    static func configure(
        _ name: String,
        in directory: TemporaryDirectory,
        services: [String: Int],
        etcd settings: String,
        lease: String = "",
        more: String = ""
    ) throws {
        var text = """
            [etcd]
            \(settings)
            \(lease)
            [[output]]
            path = "\(directory.file("\(name).json"))"

            """
        for (key, port) in services.sorted(by: { $0.key < $1.key }) {
            let parts = key.split(separator: "/")
            text += """
                [[service]]
                name = "\(parts[0])"
                id = "\(parts[1])"
                port = \(port)
                address = "10.0.0.5"

                """
        }
        try directory.write("\(name).conf", text + more)
    }

    /// The keys under the prefix as etcdctl tells them, without the prefix.
    func keysInEtcd() async throws -> [String] {
        try await etcd.etcdctl("get", "--prefix", "services/", "--keys-only")
            .split(separator: "\n").map { String($0.dropFirst("services/".count)) }
    }

    /// Puts an endpoint as somebody else would, by hand.
    func put(_ key: String, _ address: String) async throws {
        _ = try await etcd.etcdctl("put", "services/\(key)", address)
    }

    private static func services(in file: String?) -> String? {
        guard let file, let list = try? JSONSerialization.jsonObject(with: Data(file.utf8)),
            let services = (list as? [String: Any])?["services"],
            let data = try? JSONSerialization.data(withJSONObject: services, options: .sortedKeys)
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}

/// The members of a status file that tests look at.
struct DaemonStatus: Decodable {
    struct Service: Decodable { let status: String }
    struct Output: Decodable { let status: String }

    let state: String
    let services: [Service]
    let outputs: [Output]
    let actionErrors: [String]

    enum CodingKeys: String, CodingKey {
        case state, services, outputs
        case actionErrors = "action_errors"
    }
}

extension TemporaryDirectory {
    /// The status file of a daemon; `nil` without a whole one.
    func status(_ name: String) -> DaemonStatus? {
        read("\(name).status").flatMap {
            try? JSONDecoder().decode(DaemonStatus.self, from: Data($0.utf8))
        }
    }
}
