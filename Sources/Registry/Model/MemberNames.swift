import Texts

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
