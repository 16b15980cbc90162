import TestKit
import Testing

/// dnsmasq on a loopback port, with our hosts file or directory and nothing else.
struct RunningDnsmasq {
    private let port: UInt16
    private let log: @Sendable () -> String

    /// Runs `body` beside a dnsmasq that has read the file.
    ///
    /// - Parameters:
    ///   - option: `addn-hosts` or `hostsdir`.
    ///   - place: The file, or its directory.
    static func with<Value>(
        _ option: String,
        _ place: String,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (RunningDnsmasq) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            let port = try FreePort.two()[0]
            let arguments = [
                "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
                "--listen-address=127.0.0.1", "--port=\(port)", "--\(option)=\(place)",
                "--pid-file", "--user=root", "--log-facility=\(directory.file("log"))",
            ]
            let check = try await Consumer.dnsmasq.run(["--test"] + arguments)
            #expect(check.status == 0, "\(check.errors)")
            let process = try ChildProcess(
                Consumer.dnsmasq.path(),
                ["--keep-in-foreground"] + arguments,
                errors: directory.file("errors")
            )
            defer { process.kill() }
            let dnsmasq = RunningDnsmasq(port: port) { directory.read("log") ?? "" }
            try await eventually("dnsmasq has read the file", within: .seconds(30)) {
                #expect(process.status == nil, "\(directory.read("errors") ?? "")")
                return dnsmasq.log().contains("read \(place)")
            }
            let value = try await body(dnsmasq)
            let log = dnsmasq.log()
            #expect(!log.contains("bad name") && !log.contains("bad address"), "\(log)")
            return value
        }
    }

    /// The IPv4 addresses of each name, sorted; nothing for a name that it does not know.
    func addresses(of names: [String]) async throws -> [String] {
        let result = try await Consumer.python3.run(["-c", Self.asking, "\(port)"] + names)
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }

    /// A question of class IN and type A for each name. See RFC 1035, 4.1.
    private static let asking = """
        import socket, struct, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(10)
        s.connect(("127.0.0.1", int(sys.argv[1])))
        for name in sys.argv[2:]:
            labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split("."))
            question = labels + b"\\0" + struct.pack(">HH", 1, 1)
            s.send(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question)
            reply = s.recv(65536)
            count = struct.unpack(">H", reply[6:8])[0]
            place = 12 + len(question)
            found = []
            for _ in range(count):
                place += 2
                kind, _, _, size = struct.unpack(">HHIH", reply[place:place + 10])
                place += 10
                if kind == 1: found.append(socket.inet_ntoa(reply[place:place + size]))
                place += size
            print(" ".join(sorted(found)))
        """
}
