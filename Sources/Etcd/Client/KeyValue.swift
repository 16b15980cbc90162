import EtcdAPI
public import Registry

/// A key, its value, and what etcd knows of it.
public struct KeyValue: Hashable, Sendable {
    /// The key.
    public let key: Bytes
    /// The value; empty in a deletion.
    public let value: Bytes
    /// The revision that created the key. It stays until the key is deleted.
    public let createRevision: Revision
    /// The revision of the key's last change.
    public let modRevision: Revision
    /// How often the key changed since it was created. The creation counts as 1; a deletion starts
    /// the count anew.
    public let version: Int64
    /// The lease the key dies with, or ``LeaseID/none``.
    public let lease: LeaseID

    init(_ message: Etcdserverpb_KeyValue) {
        key = Bytes(message.key)
        value = Bytes(message.value)
        createRevision = Revision(rawValue: message.createRevision)
        modRevision = Revision(rawValue: message.modRevision)
        version = message.version
        lease = LeaseID(rawValue: message.lease)
    }
}
