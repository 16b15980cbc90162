/// A report of the watcher, for the log and the metrics.
public enum WatchReport: Equatable, Sendable {
    /// The list is current. Reported after each snapshot.
    case synced(revision: Revision, services: Int, endpoints: Int, bad: Int, foreign: Int)
    /// The list may be stale from now on; it stays as it is. Reported once for each loss.
    case outOfSync(reason: String)
    /// Over this connection reads are answered, and requests for progress are not: it seems to lead through a
    /// proxy. From now on the list is compared with counts, and with what changed when they differ.
    case progressUnanswered
    /// The snapshot failed; retried after the delay. Reported each time.
    case snapshotFailed(StoreError, retryIn: Duration)
    /// The store was restored from an older state, or is another one. The list follows it.
    case restored(from: Revision, to: Revision, isOtherCluster: Bool)
    /// Most endpoints disappeared at once without deregistering, right after trouble with the store:
    /// `held` of `of` stay in the lists for the hold time of each list.
    case massLoss(held: Int, of: Int)
    /// No endpoint is held any more: `dropped` of them never came back.
    case massLossEnded(dropped: Int)
    /// A comparison with the store showed that the list had missed something; it is read again.
    case diverged(keys: Int, inStore: Int)
    /// These services are beyond the limits of what is kept, each with its size in the store; none when all
    /// fit again. Reported with each change of their names.
    case limitsExceeded([ServiceName: ServiceSize])
    /// A record cannot be read; its last good endpoint stays for the hold time, if there was one.
    case badRecord(key: StoreKey, RecordFault)
    /// So many more records are invalid, or became so again, without being named: there were too many in
    /// too short a time.
    case moreBadRecords(Int)
    /// An invalid record that was named is gone or valid again.
    case badRecordEnded(key: StoreKey)
}

/// The changes of keys that the one watch of the prefix receives, before records are decoded. The
/// registration finds its own keys in it.
public enum KeyNews: Equatable, Sendable {
    /// A page of the keys of a whole state. The first one begins a new state.
    case page([StoredRecord], isFirst: Bool)
    /// The state is complete: a key that was on none of its pages does not exist at that revision. After a
    /// restore revisions from before it mean nothing any more.
    case listed(at: Revision, isRestored: Bool)
    /// Changes, oldest first.
    case events([StoreEvent])
}
