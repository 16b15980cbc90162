import FoundationEssentials

/// What the daemon answers on the control socket: one line of JSON.
struct ControlAnswer: Codable, Equatable, Sendable {
    /// How it ended.
    enum Outcome: String, Codable, Sendable {
        /// It is done, or true.
        case done
        /// It did not become true in time.
        case timedOut = "timed_out"
        /// The peer may not ask this.
        case notPermitted = "not_permitted"
        /// The new configuration is faulty, and the old one stays.
        case refused
        /// The request is none, or names what is not there.
        case invalid
        /// Too many ask at once, or the daemon is ending.
        case busy
    }

    var outcome: Outcome
    /// Sentences for people.
    var messages: [String] = []
    /// How the daemon is, where that was asked.
    var status: StatusReport?

    init(_ outcome: Outcome, _ messages: [String] = [], status: StatusReport? = nil) {
        self.outcome = outcome
        self.messages = messages
        self.status = status
    }

    /// Reads an answer; `nil` for anything else.
    init?(line: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Self.self, from: Data(line)) else {
            return nil
        }
        self = answer
    }

    /// The answer as a line, its end included.
    var line: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Words and numbers cannot fail to be encoded; the client says so of an empty answer.
        return ((try? encoder.encode(self)).map { [UInt8]($0) } ?? []) + [0x0a]
    }
}
