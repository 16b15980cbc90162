import Registry

/// Announces which services of one file spill: a zone that goes takes all its services with it.
struct SpillLedger: Sendable {
    private var announcements = Announcements<ServiceName>()
    private let path: String

    init(path: String) {
        self.path = path
    }

    /// The file was rendered.
    ///
    /// - Parameter spilling: All services whose traffic leaves the most preferred zone, in byte order.
    /// - Returns: What is to be said, as ``Announcements`` has it.
    mutating func listRendered(spilling: [ServiceName], at now: Duration) -> [PublishReport] {
        let said = announcements.changed(to: spilling, at: now)
        return count(said.counted) + said.ended.map { .spillEnded(path: path, $0) }
            + said.new.map { .spillBegan(path: path, $0) } + count(said.more)
    }

    private func count(_ more: Int?) -> [PublishReport] {
        more.map { [.spillsMore(path: path, count: $0)] } ?? []
    }
}
