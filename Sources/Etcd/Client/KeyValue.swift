import EtcdAPI

/// A key, its value, and what etcd knows of it.
public struct KeyValue: Hashable, Sendable {
    /// The key.
    public internal(set) var key = Bytes([])
    /// The value; empty in a deletion.
    public internal(set) var value = Bytes([])
    /// The revision that created the key. It stays until the key is deleted.
    public internal(set) var createRevision = EtcdRevision.zero
    /// The revision of the key's last change.
    public internal(set) var modRevision = EtcdRevision.zero
    /// How often the key changed since it was created. The creation counts as 1; a deletion starts
    /// the count anew.
    public internal(set) var version: Int64 = 0
    /// The lease the key dies with, or ``EtcdLeaseID/none``.
    public internal(set) var lease = EtcdLeaseID.none

    init() {}

    init(_ message: Etcdserverpb_KeyValue) {
        key = Bytes(message.key)
        value = Bytes(message.value)
        createRevision = EtcdRevision(rawValue: message.createRevision)
        modRevision = EtcdRevision(rawValue: message.modRevision)
        version = message.version
        lease = EtcdLeaseID(rawValue: message.lease)
    }
}
