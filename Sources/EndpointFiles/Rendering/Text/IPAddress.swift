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
