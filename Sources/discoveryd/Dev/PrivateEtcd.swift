import Subprocess

/// An etcd of our own for `discoveryd dev`: the installed binary, on free loopback ports, with its
/// data in a directory that is thrown away.
struct PrivateEtcd: Sendable {
    /// Why there is none.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// `127.0.0.1:PORT`, for clients.
    let address: String
    private let peer: String
    private let directory: String

    /// Chooses ports; nothing runs yet.
    ///
    /// - Parameter directory: Where its data and its log go.
    init(directory: String) throws(Failure) {
        let ports = LoopbackPorts.free(2)
        guard ports.count == 2 else {
            throw Failure(description: "there are no free loopback ports")
        }
        address = "127.0.0.1:\(ports[0])"
        peer = "http://127.0.0.1:\(ports[1])"
        self.directory = directory
    }

    /// Whether the binary is installed.
    ///
    /// - Throws: ``Failure`` with the install command when it is not.
    static func checkInstalled() async throws(Failure) {
        do {
            _ = try await program.resolveExecutablePath(in: .inherit)
        } catch {
            throw Failure(
                description: "there is no etcd on the PATH; install it: apt install etcd-server"
            )
        }
    }

    private static let program = Executable.name("etcd")

    /// Runs the server until the task is cancelled.
    ///
    /// - Throws: ``Failure`` when it cannot be started or ends by itself, with the remedy.
    func run() async throws(Failure) {
        var options = PlatformOptions()
        // Ctrl-C goes to the whole group of the terminal: etcd must outlive our farewell to it.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        do {
            _ = try await Subprocess.run(
                Self.program,
                arguments: Arguments(arguments),
                platformOptions: options,
                output: .discarded
            )
        } catch {
            throw Failure(description: "etcd cannot be started: \(error)")
        }
        guard !Task.isCancelled else { return }
        throw Failure(description: "etcd has ended; its log is \(logPath)")
    }

    private var logPath: String { "\(directory)/etcd.log" }

    private var arguments: [String] {
        [
            "--name=dev", "--data-dir=\(directory)/etcd", "--logger=zap",
            "--log-outputs=\(logPath)",
            "--listen-client-urls=http://\(address)", "--advertise-client-urls=http://\(address)",
            "--listen-peer-urls=\(peer)", "--initial-advertise-peer-urls=\(peer)",
            "--initial-cluster=dev=\(peer)",
        ]
    }
}
