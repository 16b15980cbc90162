import EndpointFiles
import Registry
import TestKit
import Testing

@Suite struct DnsmasqReadsItsFileTests {
    @Test func itAnswersWithTheAddresses() async throws {
        let list = Lists.text(
            .hosts(domain: .standard),
            [
                try Lists.endpoint("web", "web-1"),
                try Lists.endpoint("web", "web-2", address: "10.0.0.6"),
                try Lists.endpoint("web", "10.0.0.7:80", address: "10.0.0.7"),
                try Lists.endpoint("db", "a.example-5432", address: "10.0.0.8"),
            ],
            header: true
        )
        let answers = try await answers(
            list.text,
            to: ["web", "web-1.web", "web-2.web", "a.example-5432.db"]
        )
        #expect(
            answers == ["10.0.0.5 10.0.0.6 10.0.0.7", "10.0.0.5", "10.0.0.6", "10.0.0.8"]
        )
    }

    @Test func hostileNamesAreLeftOutOrNamesUnderTheDomain() async throws {
        let list = Lists.text(.hosts(domain: .standard), try HostileEndpoints.all())
        let answers = try await answers(
            list.text,
            to: ["web", "localhost", "com", "3scale", "a--b", "a-b", "x2e~41", "%00"]
        )
        #expect(answers.map(\.isEmpty) == [false, false, false, false, false, false, true, true])
    }

    @Test func anEmptyFileIsFine() async throws {
        let list = Lists.text(.hosts(domain: .standard), [], services: try Lists.names("web"))
        #expect(list.text.isEmpty)
        #expect(try await answers(list.text, to: ["web"]) == [""])
    }

    /// Starts dnsmasq with the file and asks for the IPv4 addresses of names under our domain.
    private func answers(_ text: String, to names: [String]) async throws -> [String] {
        try await TemporaryDirectory.with { directory in
            let port = try FreePort.two()[0]
            let hosts = try directory.write("hosts", text)
            let arguments = [
                "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
                "--listen-address=127.0.0.1", "--port=\(port)", "--addn-hosts=\(hosts)",
                "--pid-file", "--user=root", "--log-facility=\(directory.file("log"))",
            ]
            let check = try await Consumer.dnsmasq.run(["--test"] + arguments)
            #expect(check.status == 0, "\(check.errors)")
            let dnsmasq = try ChildProcess(
                Consumer.dnsmasq.path(),
                ["--keep-in-foreground"] + arguments,
                errors: directory.file("errors")
            )
            defer { dnsmasq.kill() }
            try await eventually("dnsmasq has read the file") {
                #expect(dnsmasq.status == nil, "\(directory.read("errors") ?? "")")
                return directory.read("log")?.contains("read \(hosts)") == true
            }
            let log = directory.read("log") ?? ""
            #expect(!log.contains("bad name") && !log.contains("bad address"), "\(log)")
            let result = try await Consumer.python3.run(
                ["-c", Self.asking, "\(port)"] + names.map { "\($0).\(DomainName.standard)" }
            )
            #expect(result.status == 0, "\(result.errors)")
            return result.output.split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast().map(String.init)
        }
    }

    /// A question of class IN and type A for each name; the sorted addresses of the answers.
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
