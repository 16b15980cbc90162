import FoundationEssentials
import Programs
import Registry

/// What the daemon logged about a service of this host, also in earlier runs: from the journal, by the fields of its
/// lines, see systemd.journal-fields(7).
struct JournalLines: Sendable {
    /// One line of the log.
    struct Line: Codable, Equatable, Sendable {
        /// By the wall clock in RFC 3339, with milliseconds.
        var time: String
        var message: String
    }

    /// How many lines are read, the newest.
    private static let most = 200

    let unit: String
    let service: ServiceName
    let instance: InstanceID?

    /// Reads them.
    ///
    /// - Parameter end: Only lines from before this time.
    /// - Returns: The lines, the oldest first, and why there may be more that cannot be read.
    func read(before end: Date?) async -> (lines: [Line], obstacle: String?) {
        let arguments = [
            "journalctl", "--no-pager", "--output=json", "--output-fields=MESSAGE,DISCOVERYD_ID",
            "--lines=\(Self.most)", "_SYSTEMD_UNIT=\(unit)", "DISCOVERYD_SERVICE=\(service)",
        ]
        do throws(ProgramFault) {
            let printed = try await CommandRunner().run(ProgramCall(arguments))
            let lines = Self.lines(in: printed.output, of: instance, before: end)
            return (lines, Self.obstacle(in: printed.words.all))
        } catch {
            return ([], Self.obstacle(in: [error.message]) ?? error.message)
        }
    }

    /// Reads what journalctl(1) prints: an object a line.
    ///
    /// - Parameter instance: Only lines about that instance, and about the whole service.
    static func lines(
        in output: [UInt8],
        of instance: InstanceID? = nil,
        before end: Date? = nil
    ) -> [Line] {
        struct Entry: Decodable {
            var message: String
            var id: String?
            var microseconds: String

            enum CodingKeys: String, CodingKey {
                case message = "MESSAGE"
                case id = "DISCOVERYD_ID"
                case microseconds = "__REALTIME_TIMESTAMP"
            }
        }
        return output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            // A message that is no text is none of ours.
            guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line)),
                let microseconds = Double(entry.microseconds)
            else { return nil }
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let time = Date(timeIntervalSince1970: microseconds / 1_000_000)
            if let end, end <= time { return nil }
            if let id = entry.id, let instance, id != instance.text { return nil }
            return Line(time: time.formatted(style), message: entry.message)
        }
    }

    /// journalctl says in one of two ways that we may not see all.
    private static func obstacle(in words: [String]) -> String? {
        // Where it says nothing these are its lines, whose messages may say anything.
        let isHidden = words.filter { !$0.hasPrefix("{") }.contains {
            $0.contains("insufficient permissions") || $0.contains("not seeing messages")
        }
        return isHidden
            ? "the journal cannot be read by this user: be root or a member of systemd-journal"
            : nil
    }
}
