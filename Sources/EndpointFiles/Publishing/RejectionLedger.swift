import Registry

/// Remembers which rejections of one file were said, so that each is said once.
struct RejectionLedger: Sendable {
    private var said: [Rejection] = []
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// The file was rendered.
    ///
    /// - Parameter rejections: All that was left out of it.
    /// - Returns: What is to be said: what ended, then what is new.
    mutating func listRendered(leavingOut rejections: [Rejection]) -> [PublishReport] {
        guard rejections != said else { return [] }
        let before = Set(said)
        let now = Set(rejections)
        // An instance that is left out for another cause has not come back.
        let subjects = Set(rejections.map(\.subject))
        let ended = said.filter { !now.contains($0) && !subjects.contains($0.subject) }
        let new = rejections.filter { !before.contains($0) }
        said = rejections
        return ended.map { .rejectionEnded(path: path, $0) }
            + new.map { .rejected(path: path, $0) }
    }
}
