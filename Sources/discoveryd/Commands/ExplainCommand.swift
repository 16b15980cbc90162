import ArgumentParser
import Daemon
import FoundationEssentials
import Registry

/// `discoveryd explain`: how a service or an instance came to be as it is.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain a service or an instance: what is true of it now, and what led to it.",
        discussion: """
            Shows what the list has of it, which files show it and why others do not, and then its \
            events, oldest first: those that the daemon remembers, and for a service of this host what it \
            logged before that, from the journal.
            Exit status: 0 when something is known of it, 64 when nothing is.
            """
    )

    @OptionGroup var control: ControlOptions

    @Argument(help: ArgumentHelp("The service, or one instance of it.", valueName: "service[/id]"))
    var subject: SubjectArgument

    @Option(
        help: ArgumentHelp(
            "The daemon's unit, whose lines in the journal are read.",
            valueName: "unit"
        )
    )
    var unit = "discoveryd.service"

    @Option(name: .shortAndLong, help: "text, or json.")
    var output = OutputStyle.text

    func run() async throws {
        let report: ExplainReport = try await control.report(
            .explain(subject.service, subject.instance)
        )
        var journal: (lines: [JournalLines.Line], obstacle: String?) = ([], nil)
        if report.instances.contains(where: { $0.registration != nil }) {
            journal = await JournalLines(
                unit: unit,
                service: subject.service,
                instance: subject.instance
            ).read(before: report.oldestOwnEvent)
        }
        let explanation = Explanation(
            report: report,
            journal: journal.lines,
            journalError: journal.obstacle
        )
        switch output {
        case .text: Terminal.print(explanation.text)
        case .json: Terminal.print(explanation.json)
        }
    }
}

/// A service, or an instance of it, as an argument: `web` or `web/web-1`.
struct SubjectArgument: ExpressibleByArgument {
    let service: ServiceName
    let instance: InstanceID?

    init?(argument: String) {
        let parts = argument.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let service = parts.first.flatMap({ ServiceName(read: $0) }) else { return nil }
        self.service = service
        if parts.count == 2 {
            guard let instance = InstanceID(read: parts[1]) else { return nil }
            self.instance = instance
        } else {
            instance = nil
        }
    }
}

extension ExplainReport {
    /// When the first event was that the daemon remembers of this host's part: the journal has those before it.
    fileprivate var oldestOwnEvent: Date? {
        let own = events.first { $0.subject == "instance" }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return own.flatMap { try? Date($0.time, strategy: style) }
    }
}

/// What the daemon and the journal know, for people and for programs.
struct Explanation {
    let report: ExplainReport
    let journal: [JournalLines.Line]
    let journalError: String?

    /// The report with what the journal has.
    private struct Whole: Encodable {
        let explanation: Explanation

        enum CodingKeys: String, CodingKey {
            case journal
            case journalError = "journal_error"
        }

        func encode(to encoder: any Encoder) throws {
            try explanation.report.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(explanation.journal, forKey: .journal)
            try container.encodeIfPresent(explanation.journalError, forKey: .journalError)
        }
    }

    /// JSON, members by name, a newline at the end.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Words and numbers cannot fail to be encoded.
        return String(
            decoding: (try? encoder.encode(Whole(explanation: self))) ?? Data(),
            as: UTF8.self
        )
            + "\n"
    }

    /// What is true now, and then one line for each event.
    var text: String {
        var parts = [head]
        parts += report.instances.map(text)
        parts.append(timeline)
        return Terminal.visible(parts.joined(separator: "\n"))
    }

    private var head: String {
        let name = report.id.map { "\(report.service)/\($0)" } ?? report.service
        var text = name
        if report.id == nil {
            let count = report.instanceCount
            text += ": \(count) instance\(count == 1 ? "" : "s")"
            if count > report.instances.count {
                text += ", the first \(report.instances.count) here"
            }
        }
        let list =
            report.revision.map { "list at revision \($0), \(report.state)" } ?? "no list yet"
        return "\(text) (\(list))\n"
    }

    private func text(_ instance: ExplainReport.Instance) -> String {
        var lines = ["\(report.service)/\(instance.id)"]
        if let addr = instance.addr {
            var facts = [addr, instance.state ?? "up", "weight \(instance.weight ?? 0)"]
            if let zone = instance.zone { facts.append("zone \(zone)") }
            facts.append(instance.lease.map { "lease \($0)" } ?? "without a lease")
            if let owner = instance.owner { facts.append("written by \(owner)") }
            lines.append("  " + facts.joined(separator: ", "))
            if let created = instance.createRevision, let changed = instance.modRevision {
                lines.append(
                    "  created at revision \(created), changed at \(changed), version \(instance.version ?? 0)"
                )
            }
            if instance.held {
                lines.append("  etcd has lost it; it is held, as it may be alive (see 'hold')")
            }
        } else {
            lines.append("  not in the list")
        }
        if let own = instance.registration {
            var facts = "  of this host: \(own.status)"
            if own.draining { facts += ", draining" }
            if let health = own.health { facts += ", checks \(health)" }
            if let detail = own.detail { facts += ": \(detail)" }
            lines.append(facts)
        }
        for output in instance.outputs {
            let place = output.backup ? "shown as a backup" : "shown"
            let word = output.shown ? place : "not shown: it \(output.reason ?? "")"
            lines.append("  \(output.path): \(word)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var timeline: String {
        var lines = journal.map { "\($0.time)  log  \($0.message)" }
        if let journalError { lines.append("(\(journalError))") }
        lines += report.events.map { event in
            let about = report.id == nil || event.id == nil ? "\(event.subjectText)  " : ""
            return "\(event.time)  \(about)\(EventText.what(event))"
        }
        guard !lines.isEmpty else {
            return "no events since discoveryd started, when the list had it already\n"
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
