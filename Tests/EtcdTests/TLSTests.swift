import TestKit
import Testing

@testable import Etcd

/// The client and real servers that speak TLS.
@Suite struct TLSTests {
    @Test(arguments: EtcdVersion.allCases)
    func aServerIsVerifiedByItsAuthorityAndItsAddress(version: EtcdVersion) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let options = EtcdOptions(certificate: try await authority.issue("server"))
            try await EtcdServer.with(version, options) { server in
                let tls = EtcdClient.TLS(caFile: authority.file)
                try await client(server.endpoint, tls) { client in
                    try await client.put("k", "v")
                    #expect(try await client.get("k").keyValues.first?.value == "v")
                }
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func bothSidesShowACertificate(version: EtcdVersion) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let certificate = try await authority.issue("server")
            let tls = EtcdClient.TLS(caFile: authority.file)
            let options = EtcdOptions(certificate: certificate, asksForClientCertificate: true)
            try await EtcdServer.with(version, options) { server in
                #expect(
                    try await firstWord(server.endpoint, tls)
                        == "the server requires a client certificate: set cert_file and key_file"
                )
                let stranger = try await TestAuthority("stranger", in: directory).issue("not-known")
                let other = EtcdClient.TLS(
                    caFile: authority.file,
                    certificateFile: stranger.file,
                    keyFile: stranger.keyFile
                )
                #expect(
                    try await firstWord(server.endpoint, other).hasPrefix(
                        "the server rejected our certificate: cert_file must be signed by the authority"
                    )
                )
                let own = try await authority.issue("client")
                let mutual = EtcdClient.TLS(
                    caFile: authority.file,
                    certificateFile: own.file,
                    keyFile: own.keyFile
                )
                try await client(server.endpoint, mutual) { client in
                    try await client.put("k", "v")
                }
            }
        }
    }

    @Test(arguments: ["[::1]", "localhost"])
    func aServerIsVerifiedByWhatTheEndpointCallsIt(host: String) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let name = host == "localhost" ? "DNS:localhost" : "IP:::1"
            var options = EtcdOptions(certificate: try await authority.issue("server", for: name))
            if host != "localhost" { options.address = host }
            try await EtcdServer.with(.debian, options) { server in
                let endpoint = server.endpoint.replacing("127.0.0.1", with: host)
                let tls = EtcdClient.TLS(caFile: authority.file)
                try await client(endpoint, tls) { client in try await client.put("k", "v") }
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func whatIsWrongWithAServerIsSaidWithTheRemedy(version: EtcdVersion) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let stranger = try await TestAuthority("stranger", in: directory)
            let options = EtcdOptions(
                certificate: try await authority.issue("server", for: "DNS:etcd.example")
            )
            try await EtcdServer.with(version, options) { server in
                #expect(
                    try await firstWord(server.endpoint, .init(caFile: stranger.file)).hasPrefix(
                        "the server's certificate is not signed by an authority in ca_file"
                    )
                )
                #expect(
                    try await firstWord(server.endpoint, .init(caFile: authority.file)).hasPrefix(
                        "the server's certificate is not for 127.0.0.1; set server_name"
                    )
                )
                let wrong = EtcdClient.TLS(caFile: authority.file, serverName: "other.example")
                #expect(
                    try await firstWord(server.endpoint, wrong).hasPrefix(
                        "the server's certificate is not for other.example; set server_name"
                    )
                )
                let right = EtcdClient.TLS(caFile: authority.file, serverName: "etcd.example")
                try await client(server.endpoint, right) { client in try await client.put("k", "v")
                }

                let plain = server.endpoint.replacing("https", with: "http")
                #expect(
                    try await firstWord(plain, .init()).hasSuffix("expects TLS, write https://")
                )
            }
            try await EtcdServer.with(version) { server in
                let encrypted = server.endpoint.replacing("http", with: "https")
                let reason = try await firstWord(encrypted, .init(caFile: authority.file))
                #expect(reason.hasSuffix("not use TLS, write http://"))
            }
        }
    }

    @Test func aCertificateOutsideOfItsTimeIsSaidSo() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let tls = EtcdClient.TLS(caFile: authority.file)
            let old = EtcdOptions(
                certificate: try await authority.issue("old", from: -20, days: -10)
            )
            try await EtcdServer.with(.debian, old) { server in
                let reason = try await firstWord(server.endpoint, tls)
                #expect(reason.hasPrefix("the server's certificate has expired, on 20"))
            }
            let early = EtcdOptions(certificate: try await authority.issue("early", from: 5))
            try await EtcdServer.with(.debian, early) { server in
                let reason = try await firstWord(server.endpoint, tls)
                #expect(reason.hasPrefix("the server's certificate is not valid before 20"))
            }
        }
    }

    @Test(arguments: EtcdVersion.allCases)
    func aNewCertificateIsMovedToAndABrokenOneIsSaidAndNot(version: EtcdVersion) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("own")
            let options = EtcdOptions(
                certificate: try await authority.issue("server"),
                asksForClientCertificate: true
            )
            try await EtcdServer.with(version, options) { server in
                var configuration = EtcdClient.Configuration(
                    endpoints: [try EtcdEndpoint(server.endpoint)]
                ).patient
                configuration.tls = .init(
                    caFile: authority.file,
                    certificateFile: own.file,
                    keyFile: own.keyFile
                )
                configuration.filesInterval = .milliseconds(100)
                let events = Recorder<ConnectionEvent>()
                let client = EtcdClient(configuration) { events.record($0) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await client.run() }
                    defer { group.cancelAll() }
                    try await client.put("k", "1")
                    // As when a tool writes the certificate and not yet its key.
                    let good = try #require(directory.read("own.pem"))
                    try directory.write("own.pem", try #require(directory.read("server.pem")))
                    try await eventually("the broken pair is said") {
                        cares(events.all).contains { $0.contains("is not the key of") }
                    }
                    try await client.put("k", "2")
                    #expect(cares(events.all).count == 1 && losses(events.all).isEmpty)

                    try directory.write("own.pem", good)
                    try await authority.issue("own")
                    try await eventually("the new pair is moved to") {
                        losses(events.all) == ["the TLS files have changed"]
                    }
                    try await client.put("k", "3")
                }
            }
        }
    }

    private func losses(_ events: [ConnectionEvent]) -> [String] {
        events.compactMap { if case .lost(_, let reason) = $0 { reason } else { nil } }
    }

    /// Runs `body` with a client.
    private func client(
        _ endpoint: String,
        _ tls: EtcdClient.TLS,
        _ body: @escaping @Sendable (EtcdClient) async throws -> Void
    ) async throws {
        var configuration = EtcdClient.Configuration(endpoints: [try EtcdEndpoint(endpoint)])
            .patient
        configuration.tls = tls
        try await EtcdClient.withClient(configuration, body)
    }
}

/// What comes of the first attempt to connect: `connected`, or why it failed.
func firstWord(_ endpoint: String, _ tls: EtcdClient.TLS) async throws -> String {
    var configuration = EtcdClient.Configuration(endpoints: [try EtcdEndpoint(endpoint)]).patient
    configuration.tls = tls
    let (words, word) = AsyncStream.makeStream(of: String.self)
    let client = EtcdClient(configuration) { event in
        switch event {
        case .attemptFailed(_, let error): word.yield(error.message)
        case .connected: word.yield("connected")
        default: break
        }
    }
    return await withTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        defer { group.cancelAll() }
        for await word in words { return word }
        return "no answer"
    }
}

/// What was said of the files of TLS.
func cares(_ events: [ConnectionEvent]) -> [String] {
    events.compactMap { if case .filesNeedCare(_, let sentence) = $0 { sentence } else { nil } }
}
