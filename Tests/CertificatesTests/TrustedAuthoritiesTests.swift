import NIOSSL
import TestKit
import Testing

@testable import Certificates

@Suite struct TrustedAuthoritiesTests {
    @Test func thoseThatAreNotValidAreLeftOutAndNamed() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", in: directory)
            let old = try await authority.twin("old", from: -2 * Self.day, end: -Self.day)
            let early = try await authority.twin("early", from: Self.day, end: 2 * Self.day)
            let now = CertificateValidity.now
            let authorities = TrustedAuthorities(
                try [old, authority.file, early].flatMap { try NIOSSLCertificate.fromPEMFile($0) },
                now: now
            )
            #expect(authorities.places == [1] && authorities.valid.count == 1)
            #expect(authorities.leftOut.count == 2)
            let words = try #require(authorities.leftOutWords)
            #expect(words.hasPrefix("\"etcd CA\" (expired on 20"))
            #expect(words.contains(" UTC), \"etcd CA\" (not valid before 20"))
            #expect(authorities.changesAt == authorities.leftOut.last?.validity.begins)
        }
    }

    @Test func ofManyThatExpiredAFewAreNamed() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let old = try await authority.twin("old", from: -2 * Self.day, end: -Self.day)
            let one = try NIOSSLCertificate.fromPEMFile(old)
            let six = (0..<6).flatMap { _ in one }
            let authorities = TrustedAuthorities(six, now: CertificateValidity.now)
            #expect(authorities.valid.isEmpty && authorities.changesAt == nil)
            #expect(authorities.leftOutWords?.hasSuffix("UTC), 2 more") == true)
        }
    }

    @Test func aCertificateIsValidFromItsFirstSecondUntilItsEnd() {
        let validity = CertificateValidity(begins: 10, ends: 20)
        #expect([9, 10, 19, 20].map { validity.holds(at: $0) } == [false, true, true, false])
    }

    @Test func aDateIsWrittenInUTC() {
        #expect(CertificateValidity.date(0) == "1970-01-01 00:00 UTC")
        #expect(CertificateValidity.date(1_795_573_115) == "2026-11-25 02:18 UTC")
    }

    @Test func theSystemsAreReadAnewOnlyWhenOneIsNotValid() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let old = try await authority.twin("old", from: -2 * Self.day, end: -Self.day)
            let both = try #require(directory.read("old.pem")) + #require(directory.read("ca.pem"))
            var system = SystemAuthorities()
            system.directory = directory.file("none")
            system.files = [directory.file("none"), try directory.write("bundle", both)]
            #expect(try trusted(by: system) == .certificates(certificates(authority.file)))
            system.files = [authority.file]
            #expect(try trusted(by: system) == .default)
            // With nothing left it is for BoringSSL to refuse.
            system.files = [old]
            #expect(try trusted(by: system) == .default)
        }
    }

    private static let day = 24 * 3600

    private func certificates(_ file: String) throws -> [NIOSSLCertificate] {
        try NIOSSLCertificate.fromPEMFile(file)
    }

    private func trusted(by system: SystemAuthorities) throws -> NIOSSLTrustRoots? {
        var configuration = TLSClientConfiguration.client(["h2"])
        system.trust(in: &configuration, now: CertificateValidity.now)
        return configuration.trustRoots
    }
}

@Suite struct TLSOfferTests {
    @Test func theHybridGroupComesFirstAndP521IsOffered() throws {
        let configuration = TLSClientConfiguration.client(["h2"])
        #expect(configuration.curves?.first == .x25519_MLKEM768)
        #expect(configuration.curves?.contains(.secp521r1) == true)
        #expect(configuration.minimumTLSVersion == .tlsv12)
        // BoringSSL has a name for each of them.
        _ = try NIOSSLContext(configuration: configuration)
    }
}
