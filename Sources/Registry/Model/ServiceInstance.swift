public import Texts

/// One instance of a service as its owner describes it: all that a registration says.
public struct ServiceInstance: Hashable, Sendable {
    /// Which instance of which service.
    public var key: ServiceKey
    /// Where it listens.
    public var address: HostAddress
    /// The port it listens on, 1 to 65535.
    public var port: UInt16
    /// Its share of the traffic against its peers; 0 is "no new traffic".
    public var weight: UInt16
    /// Where it runs (a rack, a data centre), or `nil`.
    public var zone: String?
    /// Labels, sorted and unique.
    public private(set) var tags: [String]
    /// Free text by name.
    public var meta: [String: String]

    /// The weight of an instance that does not say one.
    public static let standardWeight: UInt16 = 100

    /// Describes an instance. `tags` are sorted and made unique.
    ///
    /// The limits of ``RecordLimits`` are the reader's: an instance beyond them can be made here,
    /// and every other host will reject it. Check with ``RecordLimits/fault(in:)`` first.
    public init(
        key: ServiceKey,
        address: HostAddress,
        port: UInt16,
        weight: UInt16 = ServiceInstance.standardWeight,
        zone: String? = nil,
        tags: [String] = [],
        meta: [String: String] = [:]
    ) {
        self.key = key
        self.address = address
        self.port = port
        self.weight = weight
        self.zone = zone
        self.tags = Set(tags).sorted()
        self.meta = meta
    }

    /// Describes an instance whose tags are known to be sorted and unique.
    init(
        key: ServiceKey,
        address: HostAddress,
        port: UInt16,
        weight: UInt16,
        zone: String?,
        sortedTags: [String],
        meta: [String: String]
    ) {
        self.key = key
        self.address = address
        self.port = port
        self.weight = weight
        self.zone = zone
        self.tags = sortedTags
        self.meta = meta
    }
}
