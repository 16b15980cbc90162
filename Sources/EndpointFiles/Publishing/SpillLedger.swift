import Machines
import Registry

/// Remembers which services of one file spill, so that the beginning and the end of each spill is said once, within a
/// ``RateLimit``: a zone that goes takes all its services with it.
struct SpillLedger: Sendable {
    private var limit = RateLimit<ServiceName>()
    private var lastReported: [ServiceName] = []
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// The file was rendered.
    ///
    /// - Parameters:
    ///   - spilling: All services whose traffic leaves the most preferred zone, in byte order.
    ///   - now: The time; what was counted is said with the first list after its minute.
    /// - Returns: What is to be said: what ended, then what is new, the first of each.
    mutating func listRendered(
        spilling: [ServiceName],
        at now: Duration
    ) -> [PublishReport] {
        guard spilling != lastReported else { return count(at: now) }
        let (before, after) = (Set(lastReported), Set(spilling))
        let ended = lastReported.filter { !after.contains($0) }
        let new = spilling.filter { !before.contains($0) }
        lastReported = spilling
        let due = count(at: now)
        let over = ended.filter { limit.ended($0) }
        let named = new.filter { limit.mayName($0, at: now) }
        return due
            + over.map { .spillEnded(path: path, $0) }
            + named.map { .spillBegan(path: path, $0) } + count(at: now)
    }

    private mutating func count(at now: Duration) -> [PublishReport] {
        limit.count(at: now).map { [.spillsMore(path: path, count: $0)] } ?? []
    }
}
