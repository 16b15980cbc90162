import Machines
import TestKit
import Testing

@testable import Registry

// What the tests of the watch say of a store, in short.

extension StoredRecord {
    /// A key that somebody else wrote once, at that revision, without a lease.
    init(plain key: String, at revision: Revision, state: EndpointState = .up) {
        let value =
            state == .up
            ? "10.0.0.1:80"
            : #"{"Addr":"10.0.0.1:80","discoveryd":{"state":"\#(state.rawValue)"}}"#
        self.init(
            key: "services/\(key)",
            value: Array(value.utf8),
            createRevision: revision,
            modRevision: revision,
            version: 1,
            lease: .none
        )
    }
}

extension StoreEvent {
    /// Somebody else writes a key.
    static func plain(_ key: String, at revision: Revision, state: EndpointState = .up)
        -> StoreEvent
    {
        .put(StoredRecord(plain: key, at: revision, state: state))
    }
}

extension Snapshot {
    /// The whole state of the first cluster over its first connection: plain keys, each with its revision.
    init(_ revision: Revision, _ keys: [String: Revision]) {
        self.init(
            clusterID: ClusterID(rawValue: 1),
            mark: SnapshotMark(revision: revision, connection: 1),
            records: keys.sorted { $0.key < $1.key }.map {
                StoredRecord(plain: $0.key, at: $0.value)
            }
        )
    }
}

extension WatchNews {
    /// News of the first cluster.
    init(_ revision: Revision, _ events: [StoreEvent] = [], term: UInt64 = 0) {
        self.init(
            clusterID: ClusterID(rawValue: 1),
            revision: revision,
            events: events,
            raftTerm: term
        )
    }
}

extension WatchMachine {
    /// A machine that follows a store, which had these keys at time zero.
    static func synced(
        _ revision: Revision,
        _ keys: [String: Revision],
        _ settings: Settings = .init()
    ) -> WatchMachine {
        var machine = WatchMachine(settings, generator: SeededGenerator(seed: 7))
        _ = machine.started()
        _ = machine.snapshotArrived(Snapshot(revision, keys), at: .zero)
        return machine
    }

    /// Whether the list follows the store: by the last that was reported of it, as the daemon's state has it.
    var isCurrent: Bool { !hasReportedOutOfSync }
}

extension [WatchMachine.Action] {
    /// What is reported.
    var reports: [WatchReport] {
        compactMap { if case .report(let report) = $0 { report } else { nil } }
    }

    /// The list that is to be published, when one is.
    func update(of machine: WatchMachine) -> TableUpdate? {
        contains(.publish(isReadAnew: false)) || contains(.publish(isReadAnew: true))
            ? machine.newest : nil
    }
}

extension EndpointTable {
    /// The keys of its endpoints, in order.
    var keys: [String] { services.flatMap(\.endpoints).map(\.instance.key.description) }
}
