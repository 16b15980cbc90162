import Certificates
import TestKit
import Testing

@testable import Etcd

/// What the files of TLS must hold, made by openssl.
@Suite struct TLSMaterialTests {
    @Test func whatCannotBeUsedIsSaidWithTheFile() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("own")
            let other = try await authority.issue("other")
            let old = try await authority.issue("old", from: -20, days: -1)
            let text = try directory.write("text", "no certificate")
            let none = directory.file("none")

            expect(
                .init(caFile: none),
                "ca_file: \(none) cannot be read: No such file or directory"
            )
            expect(.init(caFile: text), "ca_file: \(text) holds no certificate in PEM")
            expect(
                .init(caFile: directory.path),
                "ca_file: \(directory.path) is not a regular file"
            )
            expect(.init(certificateFile: own.file), "cert_file and key_file must be set together")
            expect(
                .init(certificateFile: own.file, keyFile: text),
                "key_file: \(text) holds no private key in PEM"
            )
            expect(
                .init(certificateFile: own.file, keyFile: other.keyFile),
                "key_file: \(other.keyFile) is not the key of the first certificate in \(own.file)"
            )
            expect(
                .init(certificateFile: old.file, keyFile: old.keyFile),
                "cert_file: the certificate in \(old.file) expired on 20"
            )
        }
    }

    @Test func theFingerprintFollowsTheContentAndNotTheName() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority(in: directory)
            let own = try await authority.issue("own")
            let tls = EtcdClient.TLS(
                caFile: authority.file,
                certificateFile: own.file,
                keyFile: own.keyFile
            )
            let first = try TLSMaterial(reading: tls, now: CertificateValidity.now)
            let again = try TLSMaterial(reading: tls, now: CertificateValidity.now)
            #expect(first.fingerprint == again.fingerprint)
            try await authority.issue("own")
            let renewed = try TLSMaterial(reading: tls, now: CertificateValidity.now)
            #expect(first.fingerprint != renewed.fingerprint)
            let validity = try #require(renewed.validity)
            #expect(validity.begins < CertificateValidity.now)
            #expect(validity.ends > CertificateValidity.now)
        }
    }

    @Test func authoritiesThatAreNotValidAreLeftOutAndSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await TestAuthority("etcd CA", in: directory)
            let day = 24 * 3600
            let old = try await authority.twin("old", from: -20 * day, end: -10 * day)
            let both = try directory.write(
                "both",
                try #require(directory.read("old.pem"))
                    + (try #require(directory.read("etcd CA.pem")))
            )
            let doubts = try EtcdClient.TLS(caFile: both).check()
            #expect(doubts.count == 1)
            #expect(
                doubts.first?.hasPrefix(
                    "ca_file: ignoring authorities that are not valid now: \"etcd CA\" "
                        + "(expired on 20"
                ) == true
            )
            #expect(try EtcdClient.TLS(caFile: authority.file).check() == [])
            expect(
                .init(caFile: old),
                "ca_file: no authority in \(old) is valid now: \"etcd CA\" (exp"
            )

            let tls = EtcdClient.TLS(caFile: both)
            let now = CertificateValidity.now
            let files = try TLSMaterial(reading: tls, now: now).files
            #expect(files.authorities == [1])
            let end = try #require(files.authoritiesChangeAt)
            let later = try TLSMaterial(reading: tls, now: end - 1).files
            #expect(later == files)
        }
    }

    @Test func aKeyOfAKindThatIsNotSupportedIsSaidWithTheKind() async throws {
        try await TemporaryDirectory.with { directory in
            let own = try await TestAuthority(in: directory).issue("own", key: .ed448)
            let tls = EtcdClient.TLS(certificateFile: own.file, keyFile: own.keyFile)
            let error = #expect(throws: EtcdError.self) { try tls.check() }
            #expect(
                error?.message.contains("it must be of RSA, P-256, P-384, P-521 or Ed25519") == true
            )
            #expect(error?.message.hasSuffix("; cert_file is for one of Ed448") == true)
        }
    }

    private func expect(
        _ tls: EtcdClient.TLS,
        _ sentence: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: EtcdError.self, sourceLocation: sourceLocation) {
            try TLSMaterial(reading: tls, now: CertificateValidity.now)
        }
        #expect(error?.code == .unusableFile, sourceLocation: sourceLocation)
        #expect(
            error?.message.hasPrefix(sentence) == true,
            "\(error?.message ?? "")",
            sourceLocation: sourceLocation
        )
    }
}
