/// One change under the prefix.
public enum StoreEvent: Hashable, Sendable {
    /// A key was written.
    case put(StoredRecord)
    /// A key was deleted, by a call or with its lease: the store does not say which.
    case deleted(key: StoreKey, at: Revision)

    /// The whole key.
    public var key: StoreKey {
        switch self {
        case .put(let record): record.key
        case .deleted(let key, _): key
        }
    }

    /// The revision of the change.
    public var revision: Revision {
        switch self {
        case .put(let record): record.modRevision
        case .deleted(_, let revision): revision
        }
    }

    /// The lease that the key is under now; none when it was deleted.
    public var lease: LeaseID {
        switch self {
        case .put(let record): record.lease
        case .deleted: .none
        }
    }
}
