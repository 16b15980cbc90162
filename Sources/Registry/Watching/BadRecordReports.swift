import Machines

/// Keeps what is said of records that cannot be read within a ``RateLimit``.
struct BadRecordReports: Sendable {
    private var limit = RateLimit<StoreKey>()

    /// When a count has to be said.
    var deadline: Duration? { limit.deadline }

    /// - Parameter reports: What the reading of one message, or of a list, gave.
    /// - Returns: The same with a bound on what is said of bad records.
    mutating func limited(_ reports: [WatchReport], at now: Duration) -> [WatchReport] {
        guard !reports.isEmpty else { return reports }
        var said = timePassed(to: now)
        for report in reports {
            switch report {
            case .badRecord(let key, _): if limit.mayName(key, at: now) { said.append(report) }
            // Of what was never named the end is no news.
            case .badRecordEnded(let key): if limit.ended(key) { said.append(report) }
            default: said.append(report)
            }
        }
        return said + timePassed(to: now)
    }

    /// - Returns: The count of those that were not named, when it is to be said.
    mutating func timePassed(to now: Duration) -> [WatchReport] {
        limit.count(at: now).map { [.moreBadRecords($0)] } ?? []
    }
}
