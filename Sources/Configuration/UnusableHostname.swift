package import Registry
import Texts

/// Reports that the name of this host makes no instance id, and why.
package struct UnusableHostname: Error, Equatable, CustomStringConvertible {
    package let hostname: String
    private let reason: String

    private init(_ hostname: String, _ reason: String) {
        self.hostname = hostname
        self.reason = reason
    }

    /// The end of a sentence that starts with `id:`.
    package var description: String {
        "must be set, because the name of this host, \(Quoted(hostname)), \(reason)"
    }

    /// `<hostname>-<port>`, the id of an instance whose configuration gives none.
    package static func instanceID(
        hostname: String,
        port: UInt16
    ) throws(UnusableHostname) -> InstanceID {
        guard !hostname.isEmpty else { throw UnusableHostname(hostname, "is empty") }
        let name = hostname.lowercased()
        guard name != "localhost", !name.hasPrefix("localhost.") else {
            // Every host may be called that: two of them would fight over one key.
            throw UnusableHostname(hostname, "is not its own")
        }
        guard let id = InstanceID(declared: "\(hostname)-\(port)") else {
            throw UnusableHostname(
                hostname,
                "and the port do not make 1 to 128 letters, digits, \".\", \"_\" or \"-\""
            )
        }
        return id
    }
}
