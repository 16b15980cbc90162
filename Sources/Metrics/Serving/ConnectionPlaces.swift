/// Who may stay when there is no room: whoever comes gets in, and the oldest of its kind goes. A client that means
/// well is gone before many others can have come, and those that do not even ask cost those nothing that have.
struct ConnectionPlaces {
    private let limit: Int
    /// Those whose request has not come, the oldest first.
    private var asking: [Int] = []
    /// Those that are being answered, the oldest first.
    private var answered: [Int] = []

    /// Places for so many of each kind, which are at least one.
    init(_ limit: Int) {
        self.limit = max(limit, 1)
    }

    /// A connection has come.
    ///
    /// - Returns: The number of the one that goes for it.
    mutating func arrived(_ number: Int) -> Int? {
        asking.append(number)
        return asking.count > limit ? asking.removeFirst() : nil
    }

    /// The request of a connection has come; nothing changes for one that had to go.
    ///
    /// - Returns: The number of the one that goes for it.
    mutating func asked(_ number: Int) -> Int? {
        guard let index = asking.firstIndex(of: number) else { return nil }
        asking.remove(at: index)
        answered.append(number)
        return answered.count > limit ? answered.removeFirst() : nil
    }

    /// A connection has ended.
    mutating func left(_ number: Int) {
        asking.removeAll { $0 == number }
        answered.removeAll { $0 == number }
    }
}
