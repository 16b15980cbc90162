/// A key under the prefix, as the store has it: nothing in it is checked yet.
public struct StoredRecord: Hashable, Sendable {
    /// The whole key.
    public var key: StoreKey
    /// Its value.
    public var value: [UInt8]
    /// The revision that created the key.
    public var createRevision: Revision
    /// The revision of its last change.
    public var modRevision: Revision
    /// How often it changed since it was created.
    public var version: Int64
    /// The lease it dies with, or ``LeaseID/none``.
    public var lease: LeaseID

    /// Describes a key.
    public init(
        key: StoreKey,
        value: [UInt8],
        createRevision: Revision,
        modRevision: Revision,
        version: Int64,
        lease: LeaseID
    ) {
        self.key = key
        self.value = value
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.version = version
        self.lease = lease
    }
}
