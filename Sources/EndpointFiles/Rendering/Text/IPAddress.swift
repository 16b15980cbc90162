import Registry
import Texts

/// An address that needs no resolving, and names somebody.
struct IPAddress: Hashable {
    private let address: SpecifiedAddress

    init(_ address: HostAddress) throws(EncodingFault) {
        guard address.family != .name else {
            throw EncodingFault(
                .hostName,
                "has the host name \(address) as its address, and this format takes IP addresses "
                    + "only; register an IP address"
            )
        }
        self.address = try SpecifiedAddress(address)
    }

    /// The bare address.
    var text: String { address.text }

    /// See ``HostAddress/joined(port:)``.
    func joined(port: UInt16) -> String { address.joined(port: port) }
}

/// An address that names somebody: anything but `0.0.0.0` and `::`.
///
/// To a proxy those mean "this host", or "wherever the client wanted to go".
struct SpecifiedAddress: Hashable {
    private let address: HostAddress

    init(_ address: HostAddress) throws(EncodingFault) {
        guard !["0.0.0.0", "::", "::ffff:0.0.0.0"].contains(address.text) else {
            throw EncodingFault(
                .unspecifiedAddress,
                "has the address \(address), which is nobody's; register the address it is reached at"
            )
        }
        self.address = address
    }

    /// The bare address.
    var text: String { address.text }

    /// See ``HostAddress/joined(port:)``.
    func joined(port: UInt16) -> String { address.joined(port: port) }
}
