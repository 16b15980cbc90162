import NIOSSL
import TestKit
import Testing

@testable import Certificates

@Suite struct CertificateFactsTests {
    @Test func aServersCertificateSaysWhoItIsForAndWhoSignedIt() throws {
        let authority = try #require(CertificateFacts(der: CertificateSamples.authority))
        let server = try #require(CertificateFacts(der: CertificateSamples.server))
        #expect(server.issuer == authority.subject && authority.issuer == authority.subject)
        #expect("\(server.subject)" == "etcd-1" && "\(authority.subject)" == "etcd CA")
        #expect(server.isForServers && authority.isForServers)
        #expect(
            server.names.map(\.description) == [
                "DNS:etcd.example.org", "DNS:*.example.org", "IP:10.0.0.1",
                "IP:2001:db8:0:0:0:0:0:5", "email",
            ]
        )
    }

    @Test func theLimitsOfAnAuthorityAreRead() throws {
        let authority = try #require(CertificateFacts(der: CertificateSamples.authority))
        #expect(
            authority.constraints?.words
                == "permits only DNS:example.org, IP:10.0.0.0/255.0.0.0 and excludes "
                + "DNS:secret.example.org"
        )
        #expect(try #require(CertificateFacts(der: CertificateSamples.server)).constraints == nil)
    }

    @Test func aCertificateForClientsOnlyIsNotForServers() throws {
        let client = try #require(CertificateFacts(der: CertificateSamples.client))
        #expect(!client.isForServers)
        #expect("\(client.subject)" == "Röhren")
    }

    @Test func theKindOfKeyIsNamed() throws {
        let facts = CertificateSamples.all.map { CertificateFacts(der: $0) }
        #expect(facts.map { $0?.key.algorithm } == ["P-521", "Ed25519", "RSA", "Ed448"])
        #expect(facts.map { $0?.hasUnknownKey } == [false, false, false, true])
        #expect(facts.last??.key.description == "1.3.101.113")
        #expect(facts.last??.subject.description == "without a name")
    }

    @Test func whatIsNoCertificateIsRefused() {
        for bytes: [UInt8] in [
            [], [0x30], [0x30, 0x80, 0, 0], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff], [0x30, 0x05, 1],
            [0x30, 0x85, 0, 0, 0, 0, 1, 0], [0x1f, 0x81, 0x01, 0x00], Array("-----BEGIN".utf8),
            Array(CertificateSamples.server.dropLast()),
            Array(CertificateSamples.server.prefix(100)),
        ] {
            #expect(CertificateFacts(der: bytes) == nil)
        }
    }

    @Test func aNameFromOutsideDrivesNoTerminal() throws {
        let end = CertificateSamples.server
        // The name is the last "etcd-1" in it.
        let name = try #require(end.indices.last { end[$0...].starts(with: "etcd-1".utf8) })
        var hostile = end
        hostile.replaceSubrange(name..<(name + 6), with: [0x1b, 0x5b, 0x32, 0x4a, 0x0a, 0xff])
        #expect(CertificateFacts(der: hostile)?.subject.description == "?[2J?\u{fffd}")
    }
}

@Suite struct CertificateFuzzTests {
    /// What NIOSSL reads too, it reads the same; and nothing ends the program.
    @Test func whateverTheBytesAreTheyAreReadAsBoringSSLReadsThemOrRefused() {
        let complaint = Fuzzing.complaint(corpus: CertificateSamples.all) { bytes in
            let facts = CertificateFacts(der: bytes)
            // It takes some time, so not for each.
            guard let facts, bytes.count % 2 == 0,
                let certificate = try? NIOSSLCertificate(bytes: bytes, format: .der)
            else { return .refused }
            _ = facts.constraints?.verdict(on: facts.names)
            _ = facts.constraints?.words
            let theirs = certificate._subjectAlternativeNames()
            // A list that it refuses is empty to it.
            guard !theirs.isEmpty else { return .refused }
            return theirs.count == facts.names.count
                ? .right : .wrong("\(facts.names.count) names, not \(theirs.count)")
        }
        #expect(complaint == nil)
    }

    @Test func noNestingAndNoLengthOfItGoesBeyondTheBytes() {
        let complaint = Fuzzing.complaint(seed: 7, corpus: CertificateSamples.all) { bytes in
            var reader = DERReader(bytes[...])
            var read = 0
            while let element = try? reader.next() {
                read += element.whole.count
                guard element.whole.count >= element.content.count + 2 else {
                    return .wrong("too short")
                }
            }
            if read > bytes.count { return .wrong("\(read) bytes of \(bytes.count)") }
            return read > 0 ? .right : .refused
        }
        #expect(complaint == nil)
    }
}
