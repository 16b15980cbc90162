import Registry

/// Announces what is left out of one file: a service of thousands that moves to host names is one mistake, and one that
/// moves to and fro is one too.
struct RejectionLedger: Sendable {
    private var announcements = Announcements<Rejection>()
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// The file was rendered.
    ///
    /// - Parameter rejections: All that was left out of it.
    /// - Returns: What is to be said, as ``Announcements`` has it.
    mutating func listRendered(
        leavingOut rejections: [Rejection],
        at now: Duration
    ) -> [PublishReport] {
        // An instance that is left out for another cause has not come back.
        let subjects = Set(rejections.map(\.subject))
        let said = announcements.changed(
            to: rejections,
            isStillThere: { subjects.contains($0.subject) },
            at: now
        )
        return count(said.counted) + said.ended.map { .rejectionEnded(path: path, $0) }
            + said.new.map { .rejected(path: path, $0) } + count(said.more)
    }

    private func count(_ more: Int?) -> [PublishReport] {
        more.map { [.rejectedMore(path: path, count: $0)] } ?? []
    }
}
