public import Files

/// The file in which the daemon says how it is; written on a change of state only.
public struct StatusFile: Sendable {
    /// Under the daemon's runtime directory, but not in the directory of the lists: whoever watches
    /// that is not woken.
    public static let standardPath = "/run/discoveryd/state/status.json"

    private let path: String
    private let writer: AtomicFileWriter
    private var held: StatusDocument?
    private var isFirst = true

    /// A status file that nothing was written to yet.
    public init(
        path: String = StatusFile.standardPath,
        writer: AtomicFileWriter = AtomicFileWriter()
    ) {
        self.path = path
        self.writer = writer
    }

    /// Writes the document, unless the file says the same state already.
    ///
    /// - Throws: ``FileError``; it is written at the next call.
    public mutating func update(_ document: StatusDocument) throws(FileError) {
        if let held, held.isSameState(as: document) { return }
        held = nil
        if isFirst { writer.removeLeftovers(of: path) }
        isFirst = false
        try writer.write(document.bytes, to: path, mode: 0o644)
        held = document
    }
}
