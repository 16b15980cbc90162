import ArgumentParser
import Configuration
import Daemon
import Etcd
import Files
import Glibc
import Logging
import Registry
import Systemd
import Texts

/// `discoveryd dev`: the whole thing on one machine, with nothing to configure.
struct DevCommand: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Try discoveryd: a private etcd, a sample service, the live list.",
        discussion: """
            Needs no configuration and no server, only the etcd binary (apt install etcd-server). All \
            is in a temporary directory and on loopback; Ctrl-C ends it and leaves nothing behind.
            """
    )

    func run(hearing signals: ProcessSignals) async throws {
        guard let directory = ScratchDirectory() else {
            Terminal.complain("discoveryd dev: no temporary directory can be made; set TMPDIR")
            throw ExitStatus.cannotCreate
        }
        defer { directory.remove() }
        do {
            try await play(in: directory.path, hearing: signals)
        } catch let error as PrivateEtcd.Failure {
            Terminal.complain("discoveryd dev: \(error)")
            throw ExitStatus.unavailable
        }
    }

    /// Runs etcd and the daemon on it; each ends when the other does.
    private func play(in directory: String, hearing signals: ProcessSignals) async throws {
        try await PrivateEtcd.checkInstalled()
        let etcd = try PrivateEtcd(directory: directory)
        let configuration = try Self.configuration(etcd: etcd.address, directory: directory)
        let screen = DevScreen(
            etcd: etcd.address,
            output: "\(directory)/endpoints.json",
            isInteractive: Terminal.isInteractive
        )
        // A terminal that is stopped, or a pipe to a pager, holds up nothing but what is shown.
        let shown = CoalescingWriter<TableUpdate>(on: BlockingThread("screen")) { screen.show($0) }
        let log = Self.log(to: "\(directory)/discoveryd.log")
        let host = HostIdentity(name: HostName.current, owner: try HostIdentity.current().owner)
        let daemon = Daemon(
            configuration,
            host: host,
            reload: { () throws(ConfigurationFaults) in
                LoadedConfiguration(configuration: configuration, warnings: [], files: [])
            },
            statusFile: "\(directory)/status.json",
            onList: { newest in
                if let list = newest() { shown.put(list) }
            },
            signals: signals,
            log: log
        )
        Terminal.show(screen.introduction)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await etcd.run() }
            group.addTask { try await daemon.run() }
            defer { group.cancelAll() }
            try await group.next()
        }
        // Not over what is said last, and not for longer than anybody looks.
        _ = await shown.flush(within: .seconds(1))
        Terminal.show("\nended; \(directory) is removed\n")
    }

    private static func configuration(etcd: String, directory: String) throws -> Configuration {
        guard let name = ServiceName(declared: "web"), let id = InstanceID(declared: "dev-1"),
            let address = HostAddress("127.0.0.1")
        else { preconditionFailure("literals of the program are valid") }
        var configuration = Configuration()
        configuration.etcd.endpoints = [try EtcdEndpoint(etcd)]
        var service = Configuration.Service(name: name, port: 8080)
        service.address = address
        service.id = id
        configuration.services = [service]
        configuration.outputs = [Configuration.Output(path: "\(directory)/endpoints.json")]
        return configuration
    }

    /// The screen belongs to the list; the log is a file beside it.
    private static func log(to path: String) -> Logger {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let writer = LogWriter { line in
            let bytes = Array(line.utf8)
            _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }
        let entries = LogQueue(on: BlockingThread("log"))
        return Logger(label: "discoveryd") {
            entries.handler(TerminalLogHandler(label: $0, writer: writer))
        }
    }
}
