import Registry

extension StoredRecord {
    /// A key that somebody else wrote once, at that revision, without a lease.
    init(plain key: String, at revision: Revision) {
        self.init(
            key: "services/\(key)",
            value: Array("10.0.0.1:80".utf8),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: .none
        )
    }
}
