/// The name of an algorithm, a purpose or an extension (X.690 §8.19), as it stands in DER.
package struct ObjectIdentifier: Hashable, Sendable, CustomStringConvertible {
    private let content: [UInt8]

    init(_ content: ArraySlice<UInt8>) {
        self.content = Array(content)
    }

    private init(_ content: UInt8...) {
        self.content = content
    }

    /// `1.3.101.113`.
    package var description: String {
        var numbers: [UInt64] = []
        var number: UInt64 = 0
        for byte in content {
            // What is longer belongs to nothing that anybody named.
            guard number < 1 << 56 else { return "unknown" }
            number = number << 7 | UInt64(byte & 0x7f)
            guard byte < 0x80 else { continue }
            if numbers.isEmpty {
                let first = min(number / 40, 2)
                numbers = [first, number - 40 * first]
            } else {
                numbers.append(number)
            }
            number = 0
        }
        return numbers.map(String.init).joined(separator: ".")
    }

    // What certificates are told apart by: RFC 5280 §4.2.1, RFC 5480 §2.1.1, RFC 8410 §3, RFC 8017 §A.
    static let commonName = ObjectIdentifier(0x55, 0x04, 0x03)
    static let organization = ObjectIdentifier(0x55, 0x04, 0x0a)
    static let organizationalUnit = ObjectIdentifier(0x55, 0x04, 0x0b)
    static let subjectAltName = ObjectIdentifier(0x55, 0x1d, 0x11)
    static let nameConstraints = ObjectIdentifier(0x55, 0x1d, 0x1e)
    static let extendedKeyUsage = ObjectIdentifier(0x55, 0x1d, 0x25)
    static let serverAuth = ObjectIdentifier(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01)

    /// How people call the algorithms of keys and signatures that are met, or the number.
    package var algorithm: String { Self.algorithms[self] ?? description }

    static let ellipticCurveKey = ObjectIdentifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01)
    private static let algorithms: [ObjectIdentifier: String] = [
        ObjectIdentifier(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01): "RSA",
        ObjectIdentifier(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a): "RSA-PSS",
        ObjectIdentifier(0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01): "DSA",
        ObjectIdentifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07): "P-256",
        ObjectIdentifier(0x2b, 0x81, 0x04, 0x00, 0x21): "P-224",
        ObjectIdentifier(0x2b, 0x81, 0x04, 0x00, 0x22): "P-384",
        ObjectIdentifier(0x2b, 0x81, 0x04, 0x00, 0x23): "P-521",
        ObjectIdentifier(0x2b, 0x81, 0x04, 0x00, 0x0a): "secp256k1",
        ObjectIdentifier(0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07): "brainpoolP256r1",
        ObjectIdentifier(0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b): "brainpoolP384r1",
        ObjectIdentifier(0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d): "brainpoolP512r1",
        ObjectIdentifier(0x2b, 0x65, 0x70): "Ed25519",
        ObjectIdentifier(0x2b, 0x65, 0x71): "Ed448",
    ]
}
