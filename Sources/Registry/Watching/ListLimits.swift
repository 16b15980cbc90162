/// The size of a service in the store: its keys, and their bytes.
public struct ServiceSize: Hashable, Sendable {
    /// How many keys, readable or not.
    public var keys: Int
    /// Their length in bytes, keys and values.
    public var bytes: Int

    /// Nothing.
    public static let zero = ServiceSize(keys: 0, bytes: 0)

    /// Describes a size.
    public init(keys: Int, bytes: Int) {
        self.keys = keys
        self.bytes = bytes
    }

    static func += (left: inout ServiceSize, right: ServiceSize) {
        left.keys += right.keys
        left.bytes += right.bytes
    }

    static func -= (left: inout ServiceSize, right: ServiceSize) {
        left.keys -= right.keys
        left.bytes -= right.bytes
    }
}

/// Limits how much of the store is kept in memory.
///
/// Which services fit follows from their sizes alone: two hosts that see the same store and have the same
/// limits leave out the same services.
public struct ListLimits: Hashable, Sendable {
    /// How many endpoints are kept at most.
    public var endpoints: Int
    /// How long their records may be together, in bytes, keys and values.
    public var bytes: Int

    /// No limits.
    public static let none = ListLimits(endpoints: .max, bytes: .max)

    /// Limits; both are positive.
    public init(endpoints: Int, bytes: Int) {
        self.endpoints = endpoints
        self.bytes = bytes
    }

    /// Whether so much fits.
    public func admit(_ size: ServiceSize) -> Bool {
        size.keys <= endpoints && size.bytes <= bytes
    }

    /// The services that are left out: the largest first, of equals the first by name, until the others
    /// fit.
    public func excess(of sizes: [ServiceName: ServiceSize]) -> Set<ServiceName> {
        var total = sizes.values.reduce(into: ServiceSize.zero) { $0 += $1 }
        guard !admit(total) else { return [] }
        var excess: Set<ServiceName> = []
        for (name, size) in sizes.sorted(by: { isLarger($0, $1) }) {
            if admit(total) { break }
            total -= size
            excess.insert(name)
        }
        return excess
    }

    /// The largest service by its share of the limits.
    func largest(of sizes: [ServiceName: ServiceSize]) -> ServiceName? {
        sizes.min { isLarger($0, $1) }?.key
    }

    private typealias Entry = (key: ServiceName, value: ServiceSize)

    private func isLarger(_ left: Entry, _ right: Entry) -> Bool {
        let (leftShare, rightShare) = (share(left.value), share(right.value))
        return leftShare == rightShare ? left.key < right.key : leftShare > rightShare
    }

    private func share(_ size: ServiceSize) -> Double {
        max(Double(size.keys) / Double(endpoints), Double(size.bytes) / Double(bytes))
    }
}
