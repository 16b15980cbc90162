import Machines

/// Remembers the members of a changing list that were announced, so that the beginning and the end of each are said once,
/// within a ``RateLimit``.
struct Announcements<Member: Hashable & Sendable>: Sendable {
    private var limit = RateLimit<Member>()
    private var last: [Member] = []

    /// The list is this now.
    ///
    /// - Parameters:
    ///   - members: All of it, each once.
    ///   - isStillThere: Whether one that is no longer in it has gone on under another form: then its end is not said.
    ///   - now: The time; what was counted is said with the first list after its minute.
    /// - Returns: What is to be said, in this order: the count of those that were not named, those that ended, those
    ///   that are new, and the count of those of now that are not named.
    mutating func changed(
        to members: [Member],
        isStillThere: (Member) -> Bool = { _ in false },
        at now: Duration
    ) -> (counted: Int?, ended: [Member], new: [Member], more: Int?) {
        guard members != last else { return (limit.count(at: now), [], [], nil) }
        let (before, after) = (Set(last), Set(members))
        let ended = last.filter { !after.contains($0) && !isStillThere($0) }
        let new = members.filter { !before.contains($0) }
        last = members
        let counted = limit.count(at: now)
        let over = ended.filter { limit.ended($0) }
        let named = new.filter { limit.mayName($0, at: now) }
        return (counted, over, named, limit.count(at: now))
    }
}
