package import NIOSSL

/// Subject, issuer, keys, names and limits of a certificate, which NIOSSL does not tell (RFC 5280 §4.1).
///
/// Nothing is verified with it; BoringSSL does that, and says only that it failed. This is to say why.
package struct CertificateFacts: Hashable, Sendable {
    /// The subject.
    package let subject: DistinguishedName
    /// The authority that signed it.
    package let issuer: DistinguishedName
    /// The algorithm of the signature.
    package let signature: ObjectIdentifier
    /// The algorithm of its key; the curve of one on a curve.
    package let key: ObjectIdentifier
    /// Whether servers may show it; a certificate that names no purposes is for all.
    package let isForServers: Bool
    /// For which names it may sign, where that is limited.
    package let constraints: NameConstraints?
    /// The host names and addresses that it is for, and other names.
    package let names: [GeneralName]

    /// Reads a certificate; `nil` for one that is not as it should be.
    package init?(_ certificate: NIOSSLCertificate) {
        // BoringSSL has read it already; that it cannot be written again is as good as not readable.
        guard let bytes = try? certificate.toDERBytes() else { return nil }
        self.init(der: bytes)
    }

    /// Reads DER; `nil` for bytes that are no certificate.
    package init?(der: [UInt8]) {
        do throws(DERReader.Malformed) {
            try self.init(reading: der[...])
        } catch {
            return nil
        }
    }

    private init(reading der: ArraySlice<UInt8>) throws(DERReader.Malformed) {
        var file = DERReader(der)
        var certificate = try file.inside(DERReader.sequence)
        var body = try certificate.inside(DERReader.sequence)
        _ = try body.optional(0xa0)  // the version
        _ = try body.next(0x02)  // the serial number
        var algorithm = try body.inside(DERReader.sequence)
        signature = ObjectIdentifier(try algorithm.next(DERReader.objectIdentifier).content)
        issuer = try DistinguishedName(try body.next(DERReader.sequence))
        _ = try body.next(DERReader.sequence)  // the validity
        subject = try DistinguishedName(try body.next(DERReader.sequence))
        key = try Self.key(&body)
        var extensions: [ObjectIdentifier: ArraySlice<UInt8>] = [:]
        while !body.isAtEnd {
            let element = try body.next()
            guard element.tag == 0xa3 else { continue }  // unique identifiers of v2
            extensions = try Self.extensions(element.content)
        }
        isForServers = try extensions[.extendedKeyUsage].map(Self.namesServers) ?? true
        constraints = try extensions[.nameConstraints].map(NameConstraints.init)
        names = try extensions[.subjectAltName].map(Self.names) ?? []
    }

    private static func key(_ body: inout DERReader) throws(DERReader.Malformed) -> ObjectIdentifier
    {
        var info = try body.inside(DERReader.sequence)
        var algorithm = try info.inside(DERReader.sequence)
        let kind = ObjectIdentifier(try algorithm.next(DERReader.objectIdentifier).content)
        guard kind == .ellipticCurveKey,
            let curve = try algorithm.optional(DERReader.objectIdentifier)
        else { return kind }
        return ObjectIdentifier(curve.content)
    }

    private static func extensions(
        _ content: ArraySlice<UInt8>
    ) throws(DERReader.Malformed) -> [ObjectIdentifier: ArraySlice<UInt8>] {
        var found: [ObjectIdentifier: ArraySlice<UInt8>] = [:]
        var wrapper = DERReader(content)
        var list = try wrapper.inside(DERReader.sequence)
        while !list.isAtEnd {
            var one = try list.inside(DERReader.sequence)
            let name = ObjectIdentifier(try one.next(DERReader.objectIdentifier).content)
            _ = try one.optional(DERReader.boolean)  // whether it is critical
            found[name] = try one.next(DERReader.octetString).content
        }
        return found
    }

    private static func namesServers(
        _ extensionValue: ArraySlice<UInt8>
    ) throws(DERReader.Malformed) -> Bool {
        var value = DERReader(extensionValue)
        var purposes = try value.inside(DERReader.sequence)
        var isFound = false
        while !purposes.isAtEnd {
            let purpose = try purposes.next(DERReader.objectIdentifier)
            // BoringSSL, as OpenSSL, wants this one and does not take anyExtendedKeyUsage for it.
            if ObjectIdentifier(purpose.content) == .serverAuth { isFound = true }
        }
        return isFound
    }

    private static func names(
        _ extensionValue: ArraySlice<UInt8>
    ) throws(DERReader.Malformed) -> [GeneralName] {
        var value = DERReader(extensionValue)
        var list = try value.inside(DERReader.sequence)
        var names: [GeneralName] = []
        while !list.isAtEnd { names.append(try GeneralName(&list)) }
        return names
    }
}

extension CertificateFacts {
    /// Whether its key is of a kind that BoringSSL has no code for, so that nothing signed with it can be
    /// verified.
    package var hasUnknownKey: Bool {
        let name = key.algorithm
        return name == "Ed448" || name == "DSA" || name == "secp256k1"
            || name.hasPrefix("brainpool")
    }
}
