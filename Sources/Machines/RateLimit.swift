/// Limits what is said by name of things that strangers can make as many of as they like, and as often: 20 names a
/// minute, none again within ten minutes, and of the others how many.
///
/// What is said must not grow with what somebody else writes into etcd.
public struct RateLimit<Name: Hashable & Sendable>: Sendable {
    /// How many are named in one window.
    public static var named: Int { 20 }
    static var window: Duration { .seconds(60) }
    static var rest: Duration { .seconds(600) }

    /// When the present window is over; `nil` while nothing was said in one.
    private var windowEnds: Duration?
    private var namedNow = 0
    private var counted = 0
    private var hasSaidCount = false
    /// When each was named last; no more than are named in the time of a rest.
    private var lastNamed: [Name: Duration] = [:]
    /// What was named and has not ended since; so many at most.
    private var open: Set<Name> = []
    private static var mostOpen: Int { 1000 }

    /// A limit that has met nothing yet.
    public init() {}

    /// When ``count(at:)`` has something to say, if nothing happens until then.
    public var deadline: Duration? { counted > 0 ? windowEnds : nil }

    /// Whether something is to be said by name; it is counted when not.
    public mutating func mayName(_ name: Name, at now: Duration) -> Bool {
        if windowEnds.map({ $0 <= now }) ?? true {
            (windowEnds, namedNow, hasSaidCount) = (now + Self.window, 0, false)
        }
        guard namedNow < Self.named, lastNamed[name].map({ now - $0 >= Self.rest }) ?? true else {
            counted += 1
            return false
        }
        lastNamed = lastNamed.filter { now - $0.value < Self.rest }
        lastNamed[name] = now
        namedNow += 1
        if open.count < Self.mostOpen { open.insert(name) }
        return true
    }

    /// Something has ended.
    ///
    /// - Returns: Whether that is news: once for each time that it was named.
    public mutating func ended(_ name: Name) -> Bool { open.remove(name) != nil }

    /// How many were counted, when that is to be said: after the names of a window at once, because it belongs to
    /// them, and then at the window's end.
    public mutating func count(at now: Duration) -> Int? {
        let isOver = windowEnds.map { $0 <= now } ?? false
        defer { if isOver { (windowEnds, namedNow, hasSaidCount) = (nil, 0, false) } }
        guard counted > 0, isOver || !hasSaidCount else { return nil }
        defer { counted = 0 }
        hasSaidCount = true
        return counted
    }
}
