/// One change of one key.
public struct WatchEvent: Hashable, Sendable {
    /// What happened to it.
    public enum Kind: Hashable, Sendable {
        /// It was written.
        case put
        /// It was deleted, by a call or with its lease: etcd does not say which.
        case delete
    }

    /// What happened.
    public let kind: Kind
    /// The key after the change. Of a deletion only the key and the deletion's `modRevision` are set.
    public let keyValue: KeyValue
    /// The key before the change, when it was asked for and the key existed.
    public let previous: KeyValue?

    init(kind: Kind, keyValue: KeyValue, previous: KeyValue?) {
        self.kind = kind
        self.keyValue = keyValue
        self.previous = previous
    }
}

/// The events that a watch received in one response.
public struct WatchResponse: Equatable, Sendable {
    /// Where the cluster stands.
    public let header: ResponseHeader
    /// The changes, oldest first; several of one revision stand together. Empty in the answer to a
    /// request for progress.
    public let events: [WatchEvent]

    init(header: ResponseHeader, events: [WatchEvent]) {
        self.header = header
        self.events = events
    }
}

/// Chooses where the watch of one key begins. Any start in the past may be compacted away.
public enum WatchStart: Hashable, Sendable {
    /// With the revision that created the key: its history since then. If there is no such key,
    /// with its creation in the future.
    case creation
    /// With the key's last change, which comes first. If there is no such key, with its creation in
    /// the future.
    case lastModification
    /// With the first change after a revision, such as the one a `get` returned.
    case after(EtcdRevision)
}

/// The options of a watch: what it reports in addition to the changes.
public struct WatchOptions: Hashable, Sendable {
    /// Whether each event brings the key as it was before.
    public var withPrevious = false
    /// How often to ask the server where it stands, in the stream itself: a proof that the watch is
    /// alive and has missed nothing. The answers are responses without events. Not at all when `nil`.
    public var progressEvery: Duration?

    /// Options with the given settings.
    public init(withPrevious: Bool = false, progressEvery: Duration? = nil) {
        self.withPrevious = withPrevious
        self.progressEvery = progressEvery
    }
}
