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
            expect(.init(certificateFile: own.file), "cert_file and key_file: one does not")
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

    @Test func aDateIsWrittenInUTC() {
        #expect(CertificateValidity.date(0) == "1970-01-01 00:00 UTC")
        #expect(CertificateValidity.date(1_795_573_115) == "2026-11-25 02:18 UTC")
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
