import Registry

/// Remembers which rejections of one file were said, so that each is said once.
struct RejectionLedger: Sendable {
    /// How many are named at a time: a service of thousands that moves to host names is one mistake.
    private static let limit = 20

    private var said: [Rejection] = []
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// The file was rendered.
    ///
    /// - Parameter rejections: All that was left out of it.
    /// - Returns: What is to be said: what ended, then what is new, the first of each.
    mutating func listRendered(leavingOut rejections: [Rejection]) -> [PublishReport] {
        guard rejections != said else { return [] }
        let before = Set(said)
        let now = Set(rejections)
        // An instance that is left out for another cause has not come back.
        let subjects = Set(rejections.map(\.subject))
        let ended = said.filter { !now.contains($0) && !subjects.contains($0.subject) }
        let new = rejections.filter { !before.contains($0) }
        said = rejections
        let more = new.count - Self.limit
        return ended.prefix(Self.limit).map { .rejectionEnded(path: path, $0) }
            + new.prefix(Self.limit).map { .rejected(path: path, $0) }
            + (more > 0 ? [.rejectedMore(path: path, count: more)] : [])
    }
}
