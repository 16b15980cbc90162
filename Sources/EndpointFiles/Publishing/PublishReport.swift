public import Files
public import Programs
public import Registry

/// A report of the publisher, for the log and the metrics.
public enum PublishReport: Hashable, Sendable {
    /// A file was replaced.
    case written(path: String, revision: Revision, bytes: Int)
    /// The file holds this list already, from an earlier run or read anew: nothing was written.
    case unchanged(path: String, revision: Revision)
    /// The file is not updated although the list has changed. Reported once for each reason.
    case kept(path: String, KeepReason)
    /// A file could not be written; the old one is complete. Retried after the delay. Reported once for
    /// each cause.
    case failed(FileError, retryIn: Duration)
    /// A program rejected the new list, or could not be run, or the output's template could not be rendered; the
    /// old file stays. Reported once for each cause.
    case refused(path: String, ProgramFault)
    /// Another program deleted or changed the file; it is written again.
    case altered(path: String)
    /// The file's format cannot represent this; the rest is written without it. Reported once for each
    /// cause.
    case rejected(path: String, Rejection)
    /// That many more, in addition to those just named.
    case rejectedMore(path: String, count: Int)
    /// What could not be represented is gone, or can be represented now.
    case rejectionEnded(path: String, Rejection)
    /// Too few endpoints of a service are left in the most preferred zone: those of others are preferred too.
    case spillBegan(path: String, ServiceName)
    /// That many more services spill, in addition to those just named.
    case spillsMore(path: String, count: Int)
    /// A service has enough endpoints in the most preferred zone again, or none anywhere.
    case spillEnded(path: String, ServiceName)
    /// An output is no longer configured. Its file stays and is not updated any more.
    case abandoned(path: String)
}

/// The status of one output.
public enum OutputStatus: Hashable, Sendable {
    /// No list has come yet.
    case waiting
    /// A newer list is being written to the file.
    case pending
    /// The file holds the list that was read or changed last at this revision.
    case current(Revision)
    /// The file is not updated, on purpose.
    case kept(KeepReason)
    /// The file could not be written; it holds an older list, or none.
    case failed(FileError)
    /// A program rejected the list, or could not be run, or the template could not be rendered; the file holds an
    /// older list, or none.
    case refused(ProgramFault)
}

/// The reason why a file is not updated although the list has changed.
public enum KeepReason: Hashable, Sendable, CustomStringConvertible {
    /// There are no endpoints, and an empty list is not to be written.
    case empty
    /// Fewer endpoints are left than there must be; written all the same after the hold time.
    case tooFew(Int, minEndpoints: Int)

    /// There is no list of this run yet, and the file of an earlier run is at least as good as any other
    /// list.
    case fromEarlierRun

    /// The end of a sentence that starts with the file.
    public var description: String {
        switch self {
        case .empty: "no endpoints are left, and on_empty is \"keep\""
        case .tooFew(let count, let minEndpoints):
            "\(count) endpoint\(count == 1 ? " is" : "s are") left, and min_endpoints is \(minEndpoints)"
        case .fromEarlierRun: "it is from an earlier run, and etcd is unavailable"
        }
    }
}
