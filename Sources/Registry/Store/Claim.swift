/// A key of ours, with the value to write and its owner.
public struct Claim: Hashable, Sendable {
    /// The whole key.
    public var key: String
    /// Which instance it is.
    public var instance: ServiceKey
    /// The value.
    public var value: [UInt8]
    /// Our lease.
    public var lease: LeaseID
    /// Our host.
    public var owner: OwnerID
    /// The companion records of the key, to write or to remove; no key twice.
    public var companions: [CompanionRecord]

    /// Describes a claim.
    public init(
        key: String,
        instance: ServiceKey,
        value: [UInt8],
        lease: LeaseID,
        owner: OwnerID,
        companions: [CompanionRecord] = []
    ) {
        self.key = key
        self.instance = instance
        self.value = value
        self.lease = lease
        self.owner = owner
        self.companions = companions
    }
}

/// The holder of a key that we want.
public struct Holder: Hashable, Sendable, CustomStringConvertible {
    /// The host, when its record says so.
    public var owner: OwnerID?
    /// The name of the host, if its record has it.
    public var name: String?
    /// The live lease that keeps the key.
    public var lease: LeaseID
    /// The address in its record, when there is one.
    public var address: String?

    /// Describes a holder.
    public init(owner: OwnerID?, name: String? = nil, lease: LeaseID, address: String?) {
        self.owner = owner
        self.name = name
        self.lease = lease
        self.address = address
    }

    /// `host db-7 (5d1c…) at 10.0.0.7:8080 under lease 694d…`, as far as known.
    public var description: String {
        let id = owner.map { name == nil ? "\($0)" : "(\($0))" }
        let words = [name, id].compactMap { $0 }
        let host = words.isEmpty ? "an unnamed host" : "host \(words.joined(separator: " "))"
        return "\(host)\(address.map { " at \($0)" } ?? "") under lease \(lease)"
    }
}

/// The outcome of a claim.
public enum ClaimOutcome: Hashable, Sendable {
    /// The key is ours, under our lease, since this revision; its companion records under these keys
    /// does not, for another lease holds them.
    case claimed(at: Revision, companionsHeld: [String] = [])
    /// Another host holds it under a live lease.
    case heldByAnotherHost(Holder)
    /// Our own host holds it under another live lease: another daemon, a copied machine-id, or what
    /// a crash of ours left behind until its lease ends.
    case heldByOurHost(Holder)
    /// Our lease has ended.
    case leaseGone
}

/// A companion record: one for readers of other formats that goes with a key of ours, under the same lease: put,
/// changed and deleted with it, in the same transaction.
public struct CompanionRecord: Hashable, Sendable {
    /// The whole key, outside of the registry's prefix.
    public let key: String
    /// What is to stand there; `nil` when nothing of ours is.
    public let value: [UInt8]?

    /// Describes a record.
    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }

    /// The same place without our record.
    var absent: CompanionRecord { CompanionRecord(key: key, value: nil) }
}
