import ArgumentParser
import Daemon
import FoundationEssentials

/// `discoveryd events`: what happened lately, and what happens.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Print what happened lately, as the daemon on this host remembers it.",
        discussion: """
            This host's services and their checks, the lease, the list and each of its endpoints, the \
            files and what is reloaded for them, the connection, drains and the configuration. The \
            daemon keeps 32 events of each and 1 MiB in all, of the fleet's endpoints 1 MiB beside \
            that; a restart forgets them. In JSON, each event is one line.
            """
    )

    @OptionGroup var control: ControlOptions

    @Flag(name: .shortAndLong, help: "Print each further event as it comes, until interrupted.")
    var follow = false

    @Option(name: .shortAndLong, help: "text, or json.")
    var output = OutputStyle.text

    /// How long one request waits for the next event.
    private static let patience = Duration.seconds(25)

    func run() async throws {
        var report = try await events(.events(.init()))
        show(report)
        guard follow else { return }
        var wasAway = false
        while !Task.isCancelled {
            let known = LocalAPIRequest.EventQuery(after: report.last, run: report.run)
            do throws(ExitCode) {
                let next = try await newEvents(after: known, isQuiet: wasAway)
                wasAway = false
                show(next)
                report.run = next.run
                // What came while the answer was made has a greater number, and is in the next one.
                report.last = next.events.last?.number ?? next.last
            } catch {
                guard error == ExitStatus.unavailable || error == ExitStatus.tryAgain else {
                    throw error
                }
                // A daemon that is restarted is back in a moment.
                wasAway = true
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func newEvents(
        after known: LocalAPIRequest.EventQuery,
        isQuiet: Bool
    ) async throws(ExitCode) -> EventReport {
        do {
            return try await events(
                .awaitEvents(known, within: Self.patience),
                taking: Self.patience,
                isQuiet: isQuiet
            )
        } catch let status as ExitCode {
            throw status
        } catch {
            throw ExitStatus.software
        }
    }

    private func events(
        _ request: LocalAPIRequest,
        taking limit: Duration = .zero,
        isQuiet: Bool = false
    ) async throws -> EventReport {
        try await control.report(request, taking: limit, isQuiet: isQuiet)
    }

    private func show(_ report: EventReport) {
        switch output {
        case .text: Terminal.print(report.events.map(EventText.line).joined())
        case .json: Terminal.print(report.events.map(Self.jsonLine).joined())
        }
    }

    private static func jsonLine(_ event: EventReport.Event) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Words and numbers cannot fail to be encoded.
        return String(decoding: (try? encoder.encode(event)) ?? Data(), as: UTF8.self) + "\n"
    }
}

/// Prints events for people.
enum EventText {
    /// One event on one line: when, what about, what, and more about it.
    static func line(_ event: EventReport.Event) -> String {
        Terminal.visible("\(event.time)  \(event.subjectText)  \(what(event))") + "\n"
    }

    /// What happened, without when and what about.
    static func what(_ event: EventReport.Event) -> String {
        var text = event.event.split(separator: "_").joined(separator: " ")
        if let detail = event.detail { text += ": \(detail)" }
        if let revision = event.revision { text += " (revision \(revision))" }
        return text
    }
}
