import Glibc
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

/// TCP ports on loopback that nobody listens on.
enum LoopbackPorts {
    /// Asks the kernel; the ports are free until somebody else takes them.
    static func free(_ count: Int) -> [UInt16] {
        let descriptors = (0..<count).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        // Closed only when all are known, so that no port comes twice.
        defer { for descriptor in descriptors { close(descriptor) } }
        return descriptors.compactMap { descriptor in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) == 0
                        && getsockname(descriptor, address, &length) == 0
                }
            }
            return isBound ? UInt16(bigEndian: address.sin_port) : nil
        }
    }
}
