import Registry

/// Decides what is said of things that hang: once when one has for a while, and once when it goes on.
struct HangMachine {
    enum Report: Hashable, Sendable {
        /// It has not answered for so long.
        case hangs(String, Duration)
        /// It answers again.
        case answers(String)
    }

    /// What takes longer is worth a word.
    static let patience = Duration.seconds(10)

    private var hanging: Set<String> = []

    /// How long the call under way has taken of each thing that may hang; those that are not named do not hang.
    mutating func observed(busy: [String: Duration]) -> [Report] {
        let now = Set(busy.filter { $0.value >= Self.patience }.keys)
        defer { hanging = now }
        return hanging.subtracting(now).sorted().map(Report.answers)
            + now.subtracting(hanging).sorted().map { .hangs($0, busy[$0] ?? Self.patience) }
    }
}
