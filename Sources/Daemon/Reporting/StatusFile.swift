package import Files

/// The status file: the ``StatusReport`` for whoever cannot ask the daemon. Written on a change of state only.
package struct StatusFile: Sendable {
    /// Under the daemon's runtime directory, but not in the directory of the lists: whoever watches
    /// that is not woken.
    package static let standardPath = "/run/discoveryd/state/status.json"

    private let path: String
    private let writer: AtomicFileWriter
    private var held: StatusReport?
    private var isFirst = true

    /// A status file that nothing was written to yet.
    package init(
        path: String = StatusFile.standardPath,
        writer: AtomicFileWriter = AtomicFileWriter()
    ) {
        self.path = path
        self.writer = writer
    }

    /// Writes the report, unless the file says the same state already.
    ///
    /// - Throws: ``FileError``; it is written at the next call.
    mutating func update(_ report: StatusReport) throws(FileError) {
        if let held, held.isSameState(as: report) { return }
        held = nil
        if isFirst { writer.removeLeftovers(of: path) }
        isFirst = false
        try writer.write([UInt8](report.json.utf8), to: path, mode: 0o644)
        held = report
    }
}
