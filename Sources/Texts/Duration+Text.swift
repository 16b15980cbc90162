extension Duration {
    /// For people, in one unit and no more digits than they read: `174 ms`, `1.2 s`, `30 s`, `5 min`, `12 h`.
    public var text: String {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return "\(seconds) s" }
        let milliseconds = attoseconds / 1_000_000_000_000_000
        switch seconds {
        case 0: return "\(milliseconds) ms"
        case ..<10: return milliseconds < 50 ? "\(seconds) s" : "\(seconds).\(milliseconds / 100) s"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        default: return "\(seconds / 3600) h"
        }
    }
}
