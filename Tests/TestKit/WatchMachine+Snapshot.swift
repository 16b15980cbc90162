public import Registry

extension Snapshot {
    /// The state without its keys.
    public var state: ListedState {
        ListedState(clusterID: clusterID, mark: mark, raftTerm: raftTerm)
    }
}

extension WatchMachine {
    /// A whole state is here, on one page.
    public mutating func snapshotArrived(_ snapshot: Snapshot, at now: Duration) -> [Action] {
        pageArrived(snapshot.records, isFirst: true, at: now) + listEnded(snapshot.state, at: now)
    }
}
