import Synchronization
import TestKit
import Testing

@testable import Etcd

/// The client and real servers with users.
@Suite struct AuthenticationTests {
    @Test(arguments: EtcdVersion.allCases)
    func aUserLogsInOnceAndMayDoWhatItsRoleAllows(version: EtcdVersion) async throws {
        try await withUser(version) { client, server, password in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask { try await client.put(Bytes("services/\(number)"), "v") }
                }
                try await group.waitForAll()
            }
            #expect(try await client.get(prefix: "services/").keyValues.count == 20)
            await expect(.permissionDenied) { try await client.put("elsewhere", "v") }
            await expect(.permissionDenied) { try await client.get(prefix: "") }

            let lease = try await client.grantLease(ttl: .seconds(60))
            try await client.put("services/leased", "v", lease: lease.id)
            for try await answer in client.keepAlive(lease.id) {
                #expect(answer.ttl > .zero)
                break
            }
            try await client.revokeLease(lease.id)
            #expect(password.reads == 1)
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aWatchBelongsToTheUserToo(version: EtcdVersion) async throws {
        try await withUser(version) { client, server, password in
            let first = try await client.put("services/a", "1").header.revision
            for try await answer in client.watch(
                prefix: "services/",
                after: .init(rawValue: first.rawValue - 1)
            ) {
                #expect(answer.events.first?.keyValue.value == "1")
                break
            }
            await expect(.permissionDenied) {
                for try await _ in client.watch(prefix: "elsewhere/", after: first) { break }
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aTokenThatBecameVoidIsReplacedAndTheCallRepeated(version: EtcdVersion) async throws {
        try await withUser(version) { client, server, password in
            let first = try await client.put("services/a", "1").header.revision
            // Voids the user's tokens.
            try await server.asRoot(
                "user",
                "passwd",
                "discoveryd",
                "--interactive=false",
                input: "new"
            )
            password.change(to: "new")
            try await client.put("services/a", "2")
            #expect(password.reads == 2)

            try await server.asRoot(
                "user",
                "passwd",
                "discoveryd",
                "--interactive=false",
                input: "newer"
            )
            password.change(to: "newer")
            for try await answer in client.watch(prefix: "services/", after: first) {
                #expect(answer.events.first?.keyValue.value == "2")
                break
            }
            #expect(password.reads == 3)
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aTokenThatTimedOutIsReplaced(version: EtcdVersion) async throws {
        let options = EtcdOptions(arguments: ["--auth-token=simple", "--auth-token-ttl=1"])
        try await withUser(version, options) { client, server, password in
            try await client.put("services/a", "1")
            // Two where the machine stood for a second between the login and the put.
            let before = password.reads
            // etcd looks once a second for tokens that nobody used for their time to live, and says
            // nothing of it: only time shows it.
            try await Task.sleep(for: .seconds(3))
            try await client.put("services/a", "2")
            #expect(password.reads > before)
        }
    }

    /// Tokens of that kind name the revision of the users and roles that they were made at.
    @Test(arguments: EtcdVersion.allCases)
    func aTokenFromBeforeAChangeOfRolesIsReplaced(version: EtcdVersion) async throws {
        try await TemporaryDirectory.with { directory in
            let (key, open) = (directory.file("jwt.key"), directory.file("jwt.pub"))
            let made = try await Command(
                "/bin/sh",
                [
                    "-c",
                    "openssl genrsa -out \(key) 2048 && openssl rsa -in \(key) -pubout -out \(open)",
                ]
            ).run()
            try #require(made.status == 0, "\(made.errors)")
            let token = "jwt,pub-key=\(open),priv-key=\(key),sign-method=RS256,ttl=10m"
            let options = EtcdOptions(arguments: ["--auth-token=\(token)"])
            try await withUser(version, options) { client, server, password in
                let first = try await client.put("services/a", "1").header.revision
                try await server.asRoot("role", "add", "another")
                try await client.put("services/a", "2")
                #expect(password.reads == 2)
                try await server.asRoot("role", "add", "a-third")
                for try await answer in client.watch(prefix: "services/", after: first) {
                    #expect(answer.events.first?.keyValue.value == "2")
                    break
                }
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aRestartedServerKnowsNoTokensAndIsLoggedInToAgain(version: EtcdVersion) async throws {
        try await withUser(version) { client, server, password in
            try await client.put("services/a", "1")
            server.kill()
            try await server.start()
            try await eventually("calls are served again") {
                (try? await client.put("services/a", "2")) != nil
            }
            #expect(password.reads == 2)
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aWrongPasswordIsSaidWithTheRemedyAndNotSentAgainAtOnce(version: EtcdVersion) async throws {
        try await withUser(version) { client, server, password in
            password.change(to: "not-the-secret")
            for _ in 0..<20 {
                let error = await expect(.unauthenticated) { try await client.get("services/a") }
                let text = error.map { "\($0)" } ?? ""
                #expect(
                    text.contains(
                        "etcd rejected the user discoveryd: check username and password_file"
                    )
                )
                #expect(!text.contains("not-the-secret"))
            }
            // Not before 2 s after the first; on a slow machine the twenty may take longer than that.
            #expect(password.reads <= 3)
            password.change(to: "secret")
            try await eventually("the mended password is found") {
                (try? await client.get("services/a")) != nil
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aClientWithoutUserIsToldToNameOne(version: EtcdVersion) async throws {
        try await withUser(version) { _, server, _ in
            let configuration = EtcdClient.Configuration(
                endpoints: [try EtcdEndpoint(server.endpoint)]
            )
            try await EtcdClient.withClient(configuration) { client in
                let error = await expect(.unauthenticated) { try await client.get("services/a") }
                #expect(error?.message.contains("set username and password_file") == true)
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aUserOfAClusterWithoutUsersIsNoFault(version: EtcdVersion) async throws {
        try await EtcdServer.with(version) { server in
            let password = Password("secret")
            try await client(server, password) { client in
                try await client.put("services/a", "1")
                try await server.addUsers()
                try await client.put("services/a", "2")
                await expect(.permissionDenied) { try await client.put("elsewhere", "v") }
            }
        }
    }

    @Test func aPasswordFileThatIsNotThereIsNamed() async throws {
        try await TemporaryDirectory.with { directory in
            let missing = EtcdClient.Credentials(
                username: "discoveryd",
                passwordFile: directory.file("none")
            )
            let error = #expect(throws: EtcdError.self) { try missing.password() }
            #expect(error?.code == .unusableFile)
            #expect(
                error?.message.hasPrefix("password_file: \(directory.file("none")) cannot") == true
            )
            let file = try directory.write("password", "p w\n")
            let good = EtcdClient.Credentials(username: "discoveryd", passwordFile: file)
            #expect(try good.password() == "p w")
            try directory.write("password", "\n")
            #expect(throws: EtcdError.self) { try good.password() }
        }
    }

    /// Runs `body` with a client of a server with users, as its user `discoveryd`.
    private func withUser(
        _ version: EtcdVersion,
        _ options: EtcdOptions = EtcdOptions(),
        _ body: @escaping @Sendable (EtcdClient, EtcdServer, Password) async throws -> Void
    ) async throws {
        try await EtcdServer.with(version, options) { server in
            try await server.addUsers()
            let password = Password("secret")
            try await client(server, password) { try await body($0, server, password) }
        }
    }

    private func client(
        _ server: EtcdServer,
        _ password: Password,
        _ body: @escaping @Sendable (EtcdClient) async throws -> Void
    ) async throws {
        var configuration = EtcdClient.Configuration(endpoints: [try EtcdEndpoint(server.endpoint)])
            .patient
        configuration.credentials = .init(username: "discoveryd") { password.read() }
        try await EtcdClient.withClient(configuration, body)
    }
}

/// A password that counts who reads it.
private final class Password: Sendable {
    private let state: Mutex<(text: String, reads: Int)>

    init(_ text: String) { state = Mutex((text, 0)) }

    var reads: Int { state.withLock { $0.reads } }

    func change(to text: String) { state.withLock { $0.text = text } }

    func read() -> String {
        state.withLock { state in
            state.reads += 1
            return state.text
        }
    }
}
