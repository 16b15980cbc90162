import Glibc
package import Registry
package import Systemd

/// Identifies this host to others.
package struct HostIdentity: Sendable {
    /// Its name; instance ids are made of it.
    package var name: String
    /// What it signs its records with.
    package var owner: OwnerID

    package init(name: String, owner: OwnerID) {
        self.name = name
        self.owner = owner
    }

    /// Where this host stands among the hosts of a fleet when they spread something over time: 0 to 1,
    /// always the same, and evenly spread over many hosts. FNV-1a of the owner.
    var place: Double {
        let hash = owner.text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return Double(hash >> 11) / Double(UInt64(1) << 53)
    }

    /// Our application id: drawn once, so that the owner does not give the machine-id away. See
    /// sd_id128_get_machine_app_specific(3).
    private static let application: UInt128 = 0x6f1d_52c8_0f0a_4c55_9a86_1f0c_3be2_a7d4

    /// This host.
    ///
    /// - Throws: ``SystemdError`` when the machine has no id.
    package static func current() throws(SystemdError) -> HostIdentity {
        let text = try MachineIdentity.applicationSpecific(application)
        guard let owner = OwnerID(text) else {
            preconditionFailure("an application-specific machine id is 32 hexadecimal digits")
        }
        return HostIdentity(name: HostName.current, owner: owner)
    }
}

/// The name of this host. See gethostname(2).
package enum HostName {
    /// The name as the kernel knows it; `localhost` when it has none.
    package static var current: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return bytes.isEmpty ? "localhost" : String(decoding: bytes, as: UTF8.self)
    }
}
