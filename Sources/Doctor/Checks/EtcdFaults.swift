import Texts

/// A version of etcd, as far as faults depend on it.
struct EtcdVersion: Comparable, CustomStringConvertible {
    let parts: [Int]

    /// Reads `3.5.1`, also with more behind it; `nil` for anything else.
    init?(_ text: String) {
        let numbers = text.split(separator: "-")[...].first?.split(separator: ".") ?? []
        let parts = numbers.prefix(3).compactMap { Int($0) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.parts = parts
    }

    private init(_ parts: Int...) { self.parts = parts }

    var description: String { parts.map(String.init).joined(separator: ".") }

    static func < (left: EtcdVersion, right: EtcdVersion) -> Bool {
        left.parts.lexicographicallyPrecedes(right.parts)
    }

    static let oldest = EtcdVersion(3, 4, 0)

    /// Faults of etcd that matter to a registry: until which version, of its minor version, and what happens. The
    /// worst first.
    ///
    /// Source: etcd's CHANGELOG and the pull requests in it.
    private static let faults: [(minor: Int, fixed: EtcdVersion, what: String)] = [
        (5, EtcdVersion(3, 5, 3), "members may disagree on the data after a crash (PR 13908)"),
        (5, EtcdVersion(3, 5, 5), "a single member may lose what it has acknowledged (PR 14424)"),
        (
            5, EtcdVersion(3, 5, 13),
            "leases may be revoked wrongly, and watches lose events (PR 17425, 17612)"
        ),
        (
            5, EtcdVersion(3, 5, 23),
            "a keep-alive may succeed although the lease is gone (PR 20616)"
        ),
        (6, EtcdVersion(3, 6, 5), "a keep-alive may succeed although the lease is gone (PR 20616)"),
    ]

    /// The worst fault that is known of it, and the version in which all of them are mended.
    var fault: (what: String, mendedIn: EtcdVersion)? {
        let ours = Self.faults.filter { parts[0] == 3 && parts[1] == $0.minor && self < $0.fixed }
        guard let worst = ours.first, let last = ours.map(\.fixed).max() else { return nil }
        return (worst.what, last)
    }
}
