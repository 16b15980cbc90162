public import Files
public import Programs
public import Registry

/// What the publisher reports to whoever logs and counts.
public enum PublishReport: Sendable {
    /// A file was replaced.
    case written(path: String, revision: Revision, bytes: Int)
    /// The file holds this list already, from an earlier run or read anew: nothing was written.
    case unchanged(path: String, revision: Revision)
    /// The file stays as it is although the list has changed. Said once for each reason.
    case kept(path: String, KeepReason)
    /// A file could not be written; the old one is whole. Tried again after the delay. Said once for
    /// each cause.
    case failed(FileError, retryIn: Duration)
    /// A program has refused the new list, or could not be asked; the old file stays. Said once for each
    /// cause.
    case refused(path: String, ProgramFault)
    /// Somebody else deleted or changed the file; it is written again.
    case altered(path: String)
    /// The file's format cannot carry this; the rest is written without it. Said once for each
    /// cause.
    case rejected(path: String, Rejection)
    /// That many more, beside those just named.
    case rejectedMore(path: String, count: Int)
    /// What could not be carried is gone, or can be carried now.
    case rejectionEnded(path: String, Rejection)
    /// An output is no longer configured. Its file stays as it is and gets old.
    case abandoned(path: String)
}

/// How one output stands.
public enum OutputStatus: Hashable, Sendable {
    /// No list has come yet.
    case waiting
    /// A newer list is on its way into the file.
    case pending
    /// The file holds the list that was read or changed last at this revision.
    case current(Revision)
    /// The file is left as it is, on purpose.
    case kept(KeepReason)
    /// The file could not be written; it holds an older list, or none.
    case failed(FileError)
    /// A program refuses the list, or cannot be asked; the file holds an older list, or none.
    case refused(ProgramFault)
}
