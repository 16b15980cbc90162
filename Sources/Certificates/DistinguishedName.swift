/// The name of a subject or an issuer of certificates (RFC 5280 §4.1.2.4): equal when all bytes are.
package struct DistinguishedName: Hashable, Sendable, CustomStringConvertible {
    private let der: [UInt8]
    /// The common name, or else the organization: how people call it. Printable and no longer than 64 characters,
    /// whatever the certificate says.
    package let description: String

    /// - Throws: ``DERReader/Malformed`` for bytes that are no name.
    init(_ element: DERReader.Element) throws(DERReader.Malformed) {
        der = Array(element.whole)
        var found: [ObjectIdentifier: String] = [:]
        var parts = DERReader(element.content)
        while !parts.isAtEnd {
            var pairs = try parts.inside(DERReader.set)
            while !pairs.isAtEnd {
                var pair = try pairs.inside(DERReader.sequence)
                let kind = ObjectIdentifier(try pair.next(DERReader.objectIdentifier).content)
                found[kind] = Self.text(try pair.next())
            }
        }
        description =
            found[.commonName] ?? found[.organization] ?? found[.organizationalUnit]
            ?? "without a name"
    }

    private static func text(_ element: DERReader.Element) -> String {
        // Of the kinds of strings only BMPString is not ASCII or UTF-8, T61String apart, which is as good
        // as never met (X.680 §8.4).
        let isWide = element.tag == 0x1e
        let text =
            isWide
            ? String(decoding: units(element.content), as: UTF16.self)
            : String(decoding: element.content, as: UTF8.self)
        var printable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(64) {
            let category = scalar.properties.generalCategory
            let isSafe =
                category != .control && category != .format && category != .lineSeparator
                && category != .paragraphSeparator
            printable.append(isSafe ? scalar : "?")
        }
        return String(printable)
    }

    private static func units(_ bytes: ArraySlice<UInt8>) -> [UInt16] {
        var units: [UInt16] = []
        var high: UInt8?
        for byte in bytes {
            if let first = high {
                units.append(UInt16(first) << 8 | UInt16(byte))
                high = nil
            } else {
                high = byte
            }
        }
        return units
    }
}
