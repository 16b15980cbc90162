import Machines
import Registry

/// Remembers which rejections of one file were said, so that each is said once, within a ``RateLimit``: a service
/// of thousands that moves to host names is one mistake, and one that moves to and fro is one too.
struct RejectionLedger: Sendable {
    private var limit = RateLimit<Rejection>()
    private var lastReported: [Rejection] = []
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// The file was rendered.
    ///
    /// - Parameters:
    ///   - rejections: All that was left out of it.
    ///   - now: The time; what was counted is said with the first list after its minute.
    /// - Returns: What is to be said: what ended, then what is new, the first of each.
    mutating func listRendered(
        leavingOut rejections: [Rejection],
        at now: Duration
    ) -> [PublishReport] {
        guard rejections != lastReported else { return count(at: now) }
        let before = Set(lastReported)
        let after = Set(rejections)
        // An instance that is left out for another cause has not come back.
        let subjects = Set(rejections.map(\.subject))
        let ended = lastReported.filter { !after.contains($0) && !subjects.contains($0.subject) }
        let new = rejections.filter { !before.contains($0) }
        lastReported = rejections
        let due = count(at: now)
        let over = ended.filter { limit.ended($0) }
        let named = new.filter { limit.mayName($0, at: now) }
        return due
            + over.map { .rejectionEnded(path: path, $0) }
            + named.map { .rejected(path: path, $0) } + count(at: now)
    }

    private mutating func count(at now: Duration) -> [PublishReport] {
        limit.count(at: now).map { [.rejectedMore(path: path, count: $0)] } ?? []
    }
}
