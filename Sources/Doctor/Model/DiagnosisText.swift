import FoundationEssentials
import Texts

extension Diagnosis {
    /// The diagnosis for people: a line a check, the remedy below what is wrong.
    ///
    /// - Parameter hasColour: Whether the verdicts are coloured, for a terminal.
    package func text(hasColour: Bool = false) -> String {
        let width = CheckName.allCases.map(\.rawValue.count).max() ?? 0
        var lines: [String] = []
        for (name, finding) in findings {
            let head = Self.padded(finding.verdict.rawValue, 7)
            let mark = hasColour ? "\(Self.colour(finding.verdict))\(head)\u{1b}[0m" : head
            lines.append(
                "\(mark)  \(Self.padded(name.rawValue, width))  \(OneLine.escaped(finding.sentence))"
            )
            for (place, problem) in finding.problems.enumerated() {
                let indent = String(repeating: " ", count: 9)
                if place > 0 {
                    lines.append(
                        "\(indent)\(problem.verdict.rawValue): \(OneLine.escaped(problem.sentence))"
                    )
                }
                lines.append("\(indent)-> \(OneLine.escaped(problem.remedy))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func colour(_ verdict: Verdict) -> String {
        switch verdict {
        case .ok: "\u{1b}[32m"
        case .skipped: "\u{1b}[2m"
        case .warning: "\u{1b}[33m"
        case .failed: "\u{1b}[31m"
        }
    }
}

/// The diagnosis for programs; documented in discoveryd(8).
package struct DiagnosisReport: Codable, Equatable, Sendable {
    /// One check.
    package struct Check: Codable, Equatable, Sendable {
        package var name: CheckName
        package var status: Verdict
        /// The worst problem, or that all is well.
        package var message: String
        /// All problems, the worst first; empty where there is none.
        package var problems: [Entry]
    }

    /// One problem.
    package struct Entry: Codable, Equatable, Sendable {
        package var status: Verdict
        package var message: String
        package var remedy: String
    }

    package var schema = 1
    /// When it was made, in RFC 3339.
    package var time: String
    /// Of the program.
    package var version: String
    /// The worst of all checks.
    package var status: Verdict
    package var exitStatus: Int32
    package var checks: [Check]

    enum CodingKeys: String, CodingKey {
        case schema, time, version, status, checks
        case exitStatus = "exit_status"
    }

    /// - Parameter now: When the facts were gathered, in seconds since 1970.
    package init(_ diagnosis: Diagnosis, version: String, now: Int) {
        time = Date(timeIntervalSince1970: TimeInterval(now)).ISO8601Format()
        self.version = version
        status = diagnosis.verdict
        exitStatus = diagnosis.exitStatus
        checks = diagnosis.findings.map { name, finding in
            Check(
                name: name,
                status: finding.verdict,
                message: finding.sentence,
                problems: finding.problems.map {
                    Entry(status: $0.verdict, message: $0.sentence, remedy: $0.remedy)
                }
            )
        }
    }

    /// JSON, members by name, a newline at the end.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Words and numbers cannot fail to be encoded.
        return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self) + "\n"
    }
}
