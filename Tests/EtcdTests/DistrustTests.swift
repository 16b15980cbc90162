import TestKit
import Testing

@testable import Etcd

/// Why a server's certificate is refused: each reason has its own sentence, and only the last of them is
/// that no authority is known.
@Suite struct DistrustTests {
    private static let day = 24 * 3600

    @Test func anExpiredAuthorityBeforeItsRenewedTwinIsLeftOutAndSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", in: directory)
            let old = try await authority.twin("old", from: -20 * Self.day, end: -Self.day)
            let early = try await authority.twin("early", from: Self.day, end: 20 * Self.day)
            let tls = EtcdClient.TLS(caFile: try bundle(directory, [old, early, authority.file]))
            let options = EtcdOptions(certificate: try await authority.issue("server"))
            try await EtcdServer.with(.wheel, options) { server in
                let events = Recorder<ConnectionEvent>()
                var configuration = EtcdClient.Configuration(
                    endpoints: [try EtcdEndpoint(server.endpoint)]
                ).patient
                configuration.tls = tls
                let client = EtcdClient(configuration) { events.record($0) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await client.run() }
                    defer { group.cancelAll() }
                    try await client.put("k", "v")
                }
                #expect(cares(events.all).count == 1)
                let said = try #require(cares(events.all).first)
                #expect(said.contains(#""etcd CA" (expired on 20"#))
                #expect(said.contains(#""etcd CA" (not valid before 20"#))
            }
        }
    }

    @Test func whereOnlyAnExpiredAuthorityIsKnownThatIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", in: directory)
            let stranger = try await TestAuthority("stranger", in: directory)
            let old = try await authority.twin("old", from: -20 * Self.day, end: -Self.day)
            let early = try await authority.twin("early", from: Self.day, end: 20 * Self.day)
            let own = try await authority.issue("server")
            try await withFront(own) { front in
                let expired = try bundle(directory, [old, stranger.file])
                #expect(
                    try await firstWord(front.endpoint, .init(caFile: expired)).hasPrefix(
                        "the authority that signed the server's certificate, \"etcd CA\", is expired on 20"
                    )
                )
                let coming = try bundle(directory, [early, stranger.file])
                #expect(
                    try await firstWord(front.endpoint, .init(caFile: coming)).hasPrefix(
                        "the authority that signed the server's certificate, \"etcd CA\", is not valid "
                            + "before 20"
                    )
                )
                #expect(
                    try await firstWord(front.endpoint, .init(caFile: old)).hasPrefix(
                        "ca_file: no authority in \(old) is valid now: \"etcd CA\" (expired on 20"
                    )
                )
            }
        }
    }

    @Test func aCertificateWithoutServerAuthIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("server", purposes: "clientAuth")
            try await withFront(own) { front in
                let word = try await firstWord(front.endpoint, .init(caFile: authority.file))
                #expect(
                    word.hasPrefix(
                        "the server's certificate is not for servers: its extendedKeyUsage is without "
                            + "serverAuth"
                    )
                )
            }
        }
    }

    @Test(arguments: [
        (
            "permitted;DNS:example.org", "DNS:localhost,IP:127.0.0.1",
            "do not allow the server's certificate for DNS:localhost: it permits only DNS:example.org"
        ),
        ("excluded;DNS:localhost", "DNS:localhost", "it excludes DNS:localhost"),
        (
            "permitted;IP:127.0.0.0/255.0.0.0", "IP:127.0.0.1",
            "are about IP addresses, which cannot be checked here"
        ),
    ])
    func limitsOfTheAuthorityAreSaid(
        limits: String,
        names: String,
        sentence: String
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", limits: limits, in: directory)
            let own = try await authority.issue("server", for: names)
            try await withFront(own) { front in
                let word = try await firstWord(front.endpoint, .init(caFile: authority.file))
                #expect(
                    word.hasPrefix("the name constraints of the authority \"etcd CA\""),
                    "\(word)"
                )
                #expect(word.contains(sentence), "\(word)")
            }
        }
    }

    @Test func limitsThatAllowTheNameAreNoHindrance() async throws {
        try await TemporaryDirectory.with { directory in
            let limits = "permitted;DNS:example.org,permitted;IP:127.0.0.0/255.0.0.0"
            let authority = try await TestAuthority(limits: limits, in: directory)
            let own = try await authority.issue("server", for: "DNS:etcd.example.org")
            try await withFront(own) { front in
                let tls = EtcdClient.TLS(caFile: authority.file, serverName: "etcd.example.org")
                let word = try await firstWord(front.endpoint, tls)
                #expect(word == "connected")
            }
        }
    }

    @Test func anAuthorityOfTheSameNameAndAnotherKeyIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let own = try await TestAuthority("etcd CA", in: directory).issue("server")
            // It takes the place of the first, whose files nobody needs any more.
            let other = try await TestAuthority("etcd CA", in: directory)
            try await withFront(own) { front in
                let word = try await firstWord(front.endpoint, .init(caFile: other.file))
                #expect(
                    word.hasPrefix(
                        "the server's certificate says that \"etcd CA\" signed it, and cannot be verified"
                    )
                )
            }
        }
    }

    @Test func anAuthorityThatIsNoRootIsSaidWithTheOneThatIsMissing() async throws {
        try await TemporaryDirectory.with { directory in
            let root = try await TestAuthority("root CA", in: directory)
            let between = try await TestAuthority("etcd CA", signedBy: root, in: directory)
            let own = try await between.issue("server")
            try await withFront(own) { front in
                let word = try await firstWord(front.endpoint, .init(caFile: between.file))
                #expect(
                    word
                        == "ca_file ends at \"etcd CA\", which is not the root: add the certificate of "
                        + "\"root CA\", which signed it"
                )
                let both = try bundle(directory, [between.file, root.file])
                #expect(try await firstWord(front.endpoint, .init(caFile: both)) == "connected")
            }
        }
    }

    @Test func anAuthorityThatSignsWithAKeyOfAnUnsupportedKindIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", key: .ed448, in: directory)
            let own = try await authority.issue("server")
            try await withFront(own) { front in
                let word = try await firstWord(front.endpoint, .init(caFile: authority.file))
                #expect(
                    word.hasPrefix(
                        "the authority \"etcd CA\" signs with Ed448, which is not supported"
                    )
                )
            }
        }
    }

    @Test func whereNoAuthorityIsKnownTheOneThatSignedIsNamed() async throws {
        try await TemporaryDirectory.with { directory in
            let own = try await TestAuthority("etcd CA", in: directory).issue("server")
            let stranger = try await TestAuthority("stranger", in: directory)
            try await withFront(own) { front in
                let word = try await firstWord(front.endpoint, .init(caFile: stranger.file))
                #expect(
                    word
                        == "the server's certificate is not signed by an authority in ca_file, nor by a "
                        + "valid one that the server sends along; set ca_file to the authority that "
                        + "signed it, \"etcd CA\""
                )
                #expect(
                    try await firstWord(front.endpoint, .init()).hasPrefix(
                        "the server's certificate is not signed by an authority that the system trusts"
                    )
                )
            }
        }
    }

    @Test func anAuthorityThatEndsIsSaidThenAndTheConnectionStays() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", in: directory)
            let stranger = try await TestAuthority("stranger", in: directory)
            let own = try await authority.issue("server")
            try await withFront(own) { front in
                let ending = try await authority.twin("ending", from: -60, end: 15)
                var configuration = EtcdClient.Configuration(
                    endpoints: [try EtcdEndpoint(front.endpoint)]
                ).patient
                configuration.tls.caFile = try bundle(directory, [ending, stranger.file])
                let events = Recorder<ConnectionEvent>()
                let client = EtcdClient(configuration) { events.record($0) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await client.run() }
                    defer { group.cancelAll() }
                    try await client.put("k", "1")
                    #expect(cares(events.all).isEmpty)
                    try await eventually("its end is said", within: .seconds(60)) {
                        cares(events.all).count == 2
                    }
                    #expect(cares(events.all)[0].contains(#""etcd CA" (expired on 20"#))
                    #expect(
                        cares(events.all)[1].hasPrefix(
                            "the authority that signed the server's certificate, \"etcd CA\", is expired on"
                        )
                    )
                    #expect(
                        cares(events.all)[1].hasSuffix(
                            "(the connection continues with the files read before)"
                        )
                    )
                    try await client.put("k", "2")
                    let losses = events.all.filter { if case .lost = $0 { true } else { false } }
                    #expect(losses.isEmpty)
                }
            }
        }
    }

    /// Writes these certificates into one file.
    private func bundle(_ directory: TemporaryDirectory, _ files: [String]) throws -> String {
        let texts = try files.map { file in
            try #require(directory.read(String(file.dropFirst(directory.path.count + 1))))
        }
        return try directory.write("bundle", texts.joined())
    }

    /// Runs `body` beside an etcd behind a server with this certificate.
    private func withFront(
        _ certificate: TestCertificate,
        _ body: (TLSFront) async throws -> Void
    ) async throws {
        try await EtcdServer.with { server in
            try await TLSFront.with(of: server, certificate, body)
        }
    }
}
