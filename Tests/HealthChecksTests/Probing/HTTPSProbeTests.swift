import Foundation
import Registry
import TestKit
import Testing

@testable import HealthChecks

@Suite(.timeLimit(.minutes(1))) struct HTTPSProbeTests {
    private let tools = ProbeTools()

    @Test func aCertificateOfAKnownAuthorityPassesByAddressAndByName() async throws {
        try await Certificate.with(for: "IP:127.0.0.1,DNS:localhost") { certificate in
            try await Server.with(certificate: certificate) { server in
                let trust = TLSTrust(authorities: certificate.file)
                #expect(await failure(server, trust) == nil)
                #expect(await failure(server, trust, host: "localhost") == nil)
            }
        }
    }

    @Test func anUnknownAuthorityIsRefusedUnlessVerificationIsOff() async throws {
        try await Certificate.with(for: "IP:127.0.0.1") { certificate in
            try await Server.with(certificate: certificate) { server in
                let unknown = await failure(server, TLSTrust())
                #expect(unknown?.code == .tls)
                #expect(unknown?.message.contains("is not trusted") == true)
                #expect(await failure(server, TLSTrust(verifies: false)) == nil)
            }
        }
    }

    @Test func aCertificateForAnotherNameNeedsTheServerName() async throws {
        try await Certificate.with(for: "DNS:web.example.org") { certificate in
            try await Server.with(certificate: certificate) { server in
                var trust = TLSTrust(authorities: certificate.file)
                let other = await failure(server, trust)
                #expect(other?.code == .tls)
                #expect(other?.message.contains("is for another name") == true)
                #expect(await failure(server, trust, host: "localhost")?.code == .tls)
                trust.serverName = "web.example.org"
                #expect(await failure(server, trust) == nil)
            }
        }
    }

    @Test func aRenewedAuthorityIsKnownByTheRunAfterTheFirstFailure() async throws {
        try await Certificate.with(for: "IP:127.0.0.1") { old in
            try await Certificate.with(for: "IP:127.0.0.1") { new in
                try await TemporaryDirectory.with { directory in
                    try directory.write("ca", try contents(of: old.file))
                    let trust = TLSTrust(authorities: directory.file("ca"))
                    try await Server.with(certificate: old) { server in
                        #expect(await failure(server, trust) == nil)
                    }
                    try directory.write("ca", try contents(of: new.file))
                    try await Server.with(certificate: new) { server in
                        #expect(await failure(server, trust)?.code == .tls)
                        #expect(await failure(server, trust) == nil)
                    }
                }
            }
        }
    }

    @Test(arguments: TestKey.common)
    func aServerMayHaveAnyCommonKindOfKey(key: TestKey) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(key: key, in: directory)
            let own = try await authority.issue("server", key: key)
            let certificate = Certificate(file: own.file, key: own.keyFile)
            try await Server.with(certificate: certificate) { server in
                #expect(await failure(server, TLSTrust(authorities: authority.file)) == nil)
            }
        }
    }

    @Test func anExpiredAuthorityBeforeItsRenewedTwinIsLeftOut() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("web CA", in: directory)
            let old = try await authority.twin("old", from: -2 * 24 * 3600, end: -24 * 3600)
            let both = try directory.write(
                "both",
                try contents(of: old) + (try contents(of: authority.file))
            )
            let own = try await authority.issue("server")
            let certificate = Certificate(file: own.file, key: own.keyFile)
            try await Server.with(certificate: certificate) { server in
                #expect(await failure(server, TLSTrust(authorities: both)) == nil)
                let alone = await failure(server, TLSTrust(authorities: old))
                #expect(alone?.code == .tls)
                #expect(
                    alone?.message.hasPrefix(
                        "no authority in \(old) is valid now: \"web CA\" (expired on 20"
                    ) == true
                )
            }
        }
    }

    @Test func anAuthorityThatEndsBesideItsRenewedTwinFailsNoRun() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("server")
            let certificate = Certificate(file: own.file, key: own.keyFile)
            try await Server.with(certificate: certificate) { server in
                let ending = try await authority.twin("ending", from: -60, end: 3)
                let end = ContinuousClock.now + .seconds(4)
                let both = try directory.write(
                    "both",
                    try contents(of: ending) + (try contents(of: authority.file))
                )
                repeat {
                    #expect(await failure(server, TLSTrust(authorities: both)) == nil)
                } while ContinuousClock.now < end
            }
        }
    }

    @Test func aMissingFileOfAuthoritiesIsNamed() async throws {
        let trust = TLSTrust(authorities: "/nowhere/ca.pem")
        let failure = await failure(Server(port: 1), trust)
        #expect(failure?.code == .tls)
        #expect(failure?.message.hasPrefix("/nowhere/ca.pem cannot be used") == true)
    }

    @Test func aServerThatSpeaksNoTLSIsSaid() async throws {
        try await Server.with { server in
            let failure = await failure(server, TLSTrust())
            #expect(failure?.code == .tls)
            #expect(failure?.message.contains("does not speak TLS; ask it with http://") == true)
        }
    }

    private func contents(of path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    private func failure(
        _ server: Server,
        _ trust: TLSTrust,
        host: String = "127.0.0.1"
    ) async -> ProbeFailure? {
        guard let address = HTTPAddress("https://\(host):\(server.port)/healthz"),
            let check = HTTPCheck(address, contains: "ok", trust: trust)
        else { return ProbeFailure(.other, "the test's own check is wrong") }
        return await HTTPProbe(check, tools: tools).failure()
    }
}
