import Foundation
import TestKit
import Testing

/// The built program on an etcd that speaks TLS, asks for certificates and has users.
@Suite struct SecureEtcdTests {
    private static let password = "correct-horse-battery"

    /// The commands of docs/TLS-AND-USERS.md make the role, and the daemon does all its work in it.
    @Test(arguments: [
        (EtcdVersion.debian, "the role", "discoveryd"), (.wheel, "the role", "discoveryd"),
        (.debian, "the narrow role", "web"), (.wheel, "the narrow role", "web"),
    ])
    func theRoleOfThePageIsEnoughAndNoSecretIsSaid(
        version: EtcdVersion,
        role: String,
        user: String
    ) async throws {
        try await withFleet(version) { fleet, own in
            let (server, directory) = (fleet.etcd, fleet.directory)
            try await addUsers(to: server, page: role, directory)
            let socket = try NotifySocket()
            let daemon = try start(fleet, own, user, ["NOTIFY_SOCKET": socket.path])
            var told = ""
            _ = try await socket.first(within: .seconds(20), described: "READY=1") { datagram in
                told += datagram.assignments.joined(separator: "\n")
                return datagram["READY"] == "1"
            }
            #expect(directory.read("one.json")?.contains(#""id":"w1""#) == true)

            // Without etcd, and with it again: other errors, another token.
            server.kill()
            try await eventually("the loss is said") {
                daemon.printed.contains("etcd connection lost")
            }
            try await server.start()
            try await eventually("current again", within: .seconds(20)) {
                directory.status("one")?.state == "current"
            }
            let status = directory.read("one.status") ?? ""
            let arguments = try String(
                contentsOfFile: "/proc/\(daemon.id)/cmdline",
                encoding: .utf8
            )
            let list = try await Command(
                DaemonProcess.program,
                ["list", "-c", directory.file("one.conf")]
            ).run()
            #expect(list.output.contains("w1"), "\(list.errors)")

            daemon.send(SIGTERM)
            #expect(try await daemon.ended() == 0)
            #expect(daemon.printed.contains("all services deregistered"))
            #expect(
                try await server.asRoot("get", "--prefix", "services/", "--keys-only") == ""
            )
            try expectNoSecret(
                in: [daemon.printed, told, status, arguments, list.output, list.errors],
                directory,
                own
            )
        }
    }

    @Test func aWrongPasswordIsSaidOnceWithTheRemedyAndMendedWithoutARestart() async throws {
        try await withFleet(.debian) { fleet, own in
            let directory = fleet.directory
            try await addUsers(to: fleet.etcd, page: "the role", directory)
            try directory.write("password", "wrong-horse")
            let daemon = try start(fleet, own, "discoveryd")
            let sentence = "etcd rejected the user discoveryd: check username and password_file"
            try await eventually("the refusal is said") { daemon.printed.contains(sentence) }
            #expect(!daemon.printed.contains("wrong-horse"))
            try directory.write("password", Self.password + "\n")
            try await eventually("registered", within: .seconds(45)) {
                directory.read("one.json")?.contains(#""id":"w1""#) == true
            }
        }
    }

    @Test func helpAndCheckSayNoSecret() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("own")
            try directory.write("password", Self.password + "\n")
            try configure(directory, own)
            var said: [String] = []
            for arguments in [
                ["--help"], ["run", "--help"], ["check", "-c", directory.file("one.conf")],
            ] {
                let result = try await Command(DaemonProcess.program, arguments).run()
                #expect(result.status == 0, "\(result.errors)")
                said += [result.output, result.errors]
            }
            try expectNoSecret(in: said, directory, own)
            // The test writes it with the usual mode; openssl knows better and writes the key 0600.
            #expect(said.last?.contains("password_file: ") == true)
            #expect(said.last?.components(separatedBy: "can be read by every user").count == 2)
        }
    }

    @Test func checkSaysWhatTheFilesDoNotHold() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("own")
            let other = try await authority.issue("other")
            try directory.write("password", "")
            let mixed = TestCertificate(
                file: own.file,
                keyFile: other.keyFile,
                authority: own.authority
            )
            try configure(directory, mixed)
            let result = try await Command(
                DaemonProcess.program,
                ["check", "-c", directory.file("one.conf")]
            ).run()
            #expect(result.status == 0)
            #expect(result.errors.contains("[etcd] key_file: \(other.keyFile) is not the key of"))
            #expect(
                result.errors.contains(
                    "[etcd] password_file: \(directory.file("password")) is empty"
                )
            )
        }
    }

    // MARK: parts

    private func withFleet(
        _ version: EtcdVersion,
        _ body: (Fleet, TestCertificate) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("own")
            let options = EtcdOptions(
                certificate: try await authority.issue("server"),
                asksForClientCertificate: true,
                clientCertificate: own
            )
            try await Fleet.with(version, options) { try await body($0, own) }
        }
    }

    /// Runs the block of commands in docs/TLS-AND-USERS.md that stands below a marker, then turns users on.
    private func addUsers(
        to server: EtcdServer,
        page marker: String,
        _ directory: TemporaryDirectory
    ) async throws {
        try directory.write("password", Self.password + "\n")
        let page = try String(
            contentsOf: Repository.root.appending(path: "docs/TLS-AND-USERS.md"),
            encoding: .utf8
        )
        let below = try #require(page.components(separatedBy: "<!-- \(marker), tested -->").last)
        let block = try #require(below.components(separatedBy: "```").dropFirst().first)
        let commands = block.dropFirst(2).replacing(
            "/etc/discoveryd/password",
            with: directory.file("password")
        )
        let root = """
            set -e
            \(commands)
            etcdctl user add root:root
            etcdctl role add root
            etcdctl user grant-role root root
            etcdctl auth enable
            """
        let result = try await server.shell(root)
        #expect(result.status == 0, "\(result.errors)")
    }

    private func start(
        _ fleet: Fleet,
        _ own: TestCertificate,
        _ user: String,
        _ environment: [String: String] = [:]
    ) throws -> DaemonProcess {
        try fleet.start(
            "one",
            services: ["web/w1": 8080],
            etcd: settings(fleet.directory, fleet.etcd.endpoint, own, user),
            arguments: ["--log-level", "debug"],
            environment: environment
        ).process
    }

    /// Writes a configuration for an etcd that is not there.
    private func configure(
        _ directory: TemporaryDirectory,
        _ own: TestCertificate
    ) throws {
        let settings = settings(directory, "https://127.0.0.1:1", own, "discoveryd")
        try Fleet.configure("one", in: directory, services: ["web/w1": 8080], etcd: settings)
    }

    private func settings(
        _ directory: TemporaryDirectory,
        _ endpoint: String,
        _ own: TestCertificate,
        _ user: String
    ) -> String {
        """
        endpoints = ["\(endpoint)"]
        username = "\(user)"
        password_file = "\(directory.file("password"))"
        ca_file = "\(own.authority)"
        cert_file = "\(own.file)"
        key_file = "\(own.keyFile)"
        """
    }

    private func expectNoSecret(
        in texts: [String],
        _ directory: TemporaryDirectory,
        _ own: TestCertificate
    ) throws {
        let key = try String(contentsOfFile: own.keyFile, encoding: .utf8)
        let secrets =
            [Self.password]
            + key.split(separator: "\n").filter { !$0.hasPrefix("-") }.map(String.init)
        #expect(secrets.count > 2)
        for text in texts {
            for secret in secrets { #expect(!text.contains(secret)) }
            // etcd's simple tokens: sixteen letters, a dot, the index of their making.
            #expect(!text.contains(#/\b[A-Za-z]{16}\.[0-9]+\b/#))
        }
    }
}
