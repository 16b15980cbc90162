import Texts

/// A cursor over JSON as machines write it: no white space, no escapes, printable ASCII only, numbers
/// that are plain integers.
///
/// Each method takes what it is named for, or says that something else is there. JSON that says the
/// same in another way is not wrong, only not for this cursor: after a refusal it is of no more use.
struct PlainJSON {
    let bytes: [UInt8]
    /// How many bytes were taken.
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether nothing follows.
    var isAtEnd: Bool { position == bytes.count }

    /// Takes one byte: a bracket, a comma.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    /// Takes what `start` begins, when it is exactly these bytes.
    mutating func take(_ run: [UInt8], at start: Int) -> Bool {
        guard holds(run.span, at: start) else { return false }
        position = start + run.count
        return true
    }

    /// Takes a string; where its content is.
    mutating func string() -> Range<Int>? {
        guard take("\""), let end = endOfContent(from: position) else { return nil }
        let content = position..<end
        position = end + 1
        return content
    }

    /// Takes a string; its content.
    mutating func text() -> String? {
        string().flatMap { String(validating: bytes.span.extracting($0)) }
    }

    /// Takes an integer that is not negative.
    mutating func integer() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLargeNow) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
            if isTooLarge || isTooLargeNow { return nil }
            value = sum
            position += 1
        }
        let digits = position - start
        let hasLeadingZero = digits > 1 && bytes[start] == UInt8(ascii: "0")
        return digits == 0 || hasLeadingZero ? nil : value
    }

    /// Takes a value that holds no others, whatever it says.
    mutating func scalar() -> Bool {
        guard position < bytes.count else { return false }
        switch bytes[position] {
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "n"): return take(Self.null, at: position)
        case UInt8(ascii: "t"): return take(Self.true, at: position)
        case UInt8(ascii: "f"): return take(Self.false, at: position)
        default: return integer() != nil
        }
    }

    /// Takes an array of strings.
    mutating func texts() -> [String]? {
        guard take("[") else { return nil }
        var texts: [String] = []
        if take("]") { return texts }
        repeat {
            guard let text = text() else { return nil }
            texts.append(text)
        } while take(",")
        return take("]") ? texts : nil
    }

    /// Takes an object whose values are strings, none of them named twice.
    mutating func textsByName() -> [String: String]? {
        guard take("{") else { return nil }
        var texts: [String: String] = [:]
        if take("}") { return texts }
        repeat {
            guard let name = text(), take(":"), let text = text(),
                texts.updateValue(text, forKey: name) == nil
            else { return nil }
        } while take(",")
        return take("}") ? texts : nil
    }

    private func holds(_ run: Span<UInt8>, at start: Int) -> Bool {
        guard run.count <= bytes.count - start else { return false }
        let found = bytes.span.extracting(start..<(start + run.count))
        // Runs that are much alike (versions, numbered names) differ at their ends first.
        for index in run.indices.reversed() where found[index] != run[index] { return false }
        return true
    }

    /// Where the string ends whose content begins at `start`.
    private func endOfContent(from start: Int) -> Int? {
        let bytes = bytes.span
        for index in start..<bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index
            case UInt8(ascii: "\\"), 0..<0x20, 0x7f...: return nil
            default: continue
            }
        }
        return nil
    }

    private static let null = Array("null".utf8)
    private static let `true` = Array("true".utf8)
    private static let `false` = Array("false".utf8)
}

/// The members that a reader knows, in the order in which they are written.
struct MemberNames<Member: CaseIterable & RawRepresentable<String> & Sendable>: Sendable {
    /// The next thing in an object.
    enum Next {
        case known(Member)
        /// A name that says nothing to us.
        case unknown
        /// No name, or one that has come already or should have.
        case refused
    }

    /// With its quotes and its colon: as it stands there.
    private let names = Member.allCases.map {
        (member: $0, text: Array("\"\($0.rawValue)\":".utf8))
    }

    /// Takes the next name, when it is not a known one that is out of order.
    ///
    /// - Parameter place: How many of the known members are past.
    func next(in json: inout PlainJSON, after place: inout Int) -> Next {
        let start = json.position
        for index in place..<names.count where json.take(names[index].text, at: start) {
            place = index + 1
            return .known(names[index].member)
        }
        for index in 0..<place where json.take(names[index].text, at: start) { return .refused }
        return json.string() != nil && json.take(":") ? .unknown : .refused
    }

    /// The place where everything up to `member` is past.
    func place(after member: Member) -> Int {
        (names.firstIndex { $0.member == member } ?? 0) + 1
    }
}

/// Caches the values that were made of the last few runs of bytes, for when they recur.
///
/// A run must show its own end, as a string with its quotes does: what is recognised at the start of
/// longer bytes would otherwise be only a part of what stands there.
struct RecentRuns<Value: Sendable>: Sendable {
    private struct Run: Sendable {
        let bytes: [UInt8]
        let value: Value
    }

    private var runs: [Run] = []
    /// Where the run is that was met last: the next one is most often the same.
    private var latest = 0
    /// Which run makes room for the next one.
    private var oldest = 0

    /// How many runs are kept.
    static var limit: Int { 8 }
    /// The longest run that is kept, in bytes.
    static var lengthLimit: Int { 1024 }

    /// Takes what `start` begins, when it is one of the runs kept.
    mutating func take(from json: inout PlainJSON, at start: Int) -> Value? {
        guard !runs.isEmpty else { return nil }
        if json.take(runs[latest].bytes, at: start) { return runs[latest].value }
        for index in runs.indices where json.take(runs[index].bytes, at: start) {
            latest = index
            return runs[index].value
        }
        return nil
    }

    /// Keeps what was made of a run that is not yet among those kept.
    mutating func keep(_ value: Value, for bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.lengthLimit else { return }
        let run = Run(bytes: Array(bytes), value: value)
        latest = oldest
        if oldest < runs.count { runs[oldest] = run } else { runs.append(run) }
        oldest = (oldest + 1) % Self.limit
    }
}
