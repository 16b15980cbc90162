import TestKit
import Testing

@testable import Etcd

/// Which kinds of keys servers and we may have, with OpenSSL and with Go's TLS at the other end.
@Suite struct TLSKeysTests {
    @Test func serversWithEveryCommonKindOfKeyAreSpokenToInEachVersionOfTLS() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let tls = EtcdClient.TLS(caFile: authority.file)
            try await EtcdServer.with { server in
                for key in TestKey.common {
                    let own = try await authority.issue("server", key: key)
                    for version in TLSFront.Version.allCases {
                        try await TLSFront.with(of: server, own, version: version) { front in
                            let word = try await firstWord(front.endpoint, tls)
                            #expect(word == "connected", "\(key) with \(version)")
                        }
                    }
                }
            }
        }
    }

    @Test func ourOwnKeyMayBeOfEveryCommonKindInEachVersionOfTLS() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let certificate = try await authority.issue("server")
            try await EtcdServer.with { server in
                for key in TestKey.common {
                    let own = try await authority.issue("own", key: key)
                    let tls = EtcdClient.TLS(
                        caFile: authority.file,
                        certificateFile: own.file,
                        keyFile: own.keyFile
                    )
                    for version in TLSFront.Version.allCases {
                        try await TLSFront.with(
                            of: server,
                            certificate,
                            version: version,
                            clientsOf: authority.file
                        ) { front in
                            let word = try await firstWord(front.endpoint, tls)
                            #expect(word == "connected", "\(key) with \(version)")
                        }
                    }
                }
            }
        }
    }

    /// The authority, the server and we have keys of one kind, as when a script made them all.
    @Test(arguments: EtcdVersion.allCases, [TestKey.p521, .ed25519])
    func etcdItselfAndItsAuthorityMayHaveThem(version: EtcdVersion, key: TestKey) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(key: key, in: directory)
            let own = try await authority.issue("own", key: key)
            let options = EtcdOptions(
                certificate: try await authority.issue("server", key: key),
                asksForClientCertificate: true
            )
            let tls = EtcdClient.TLS(
                caFile: authority.file,
                certificateFile: own.file,
                keyFile: own.keyFile
            )
            try await EtcdServer.with(version, options) { server in
                let word = try await firstWord(server.endpoint, tls)
                #expect(word == "connected")
            }
        }
    }

    @Test(arguments: [TestKey.ed448, .pss], TLSFront.Version.allCases)
    func aKindOfKeyThatIsNotSupportedIsSaid(key: TestKey, version: TLSFront.Version) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("server", key: key)
            try await EtcdServer.with { server in
                try await TLSFront.with(of: server, own, version: version) { front in
                    let word = try await firstWord(front.endpoint, .init(caFile: authority.file))
                    #expect(
                        word.hasSuffix("give it one of RSA, P-256, P-384, P-521 or Ed25519"),
                        "\(word)"
                    )
                }
            }
        }
    }
}
