import Files
import Logging
import Machines
import Registry
import ServiceLifecycle
import Texts

/// Logs which disk, name server, user database or reader of the log does not respond.
struct HangWatch: Service {
    let threads: BlockingThreads
    let timeline: Timeline
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var machine = HangMachine()
            while !Task.isCancelled {
                // Cancelled: the loop's condition ends it.
                try? await timeline.sleep(until: timeline.now + machine.pause)
                for report in machine.observed(busy: threads.statuses.mapValues(\.busyFor)) {
                    say(report)
                }
            }
        }
    }

    private func say(_ report: HangMachine.Report) {
        switch report {
        case .hangs(let name, let span):
            log.log(
                .ioHangs,
                Self.resource(of: name),
                metadata: ["for": "\(span.text)"]
            )
        case .answers(let name): log.log(.ioAnswers, Self.resource(of: name))
        }
    }

    /// Names the resource that the thread of that name waits for.
    private static func resource(of name: String) -> String {
        switch name {
        case "dns": "the name servers"
        case "configuration": "the configuration's disk, or the database of users and groups"
        case "log": "the journal, or whoever else reads the log"
        case "certificates": "the disk of the system's certificates"
        case _ where name.hasPrefix("etcd "): "the disk of \(name.dropFirst(5)) of [etcd]"
        default: "the disk of \(name)"
        }
    }
}

/// Decides what is said of things that hang: once when one has for a while, and once when it goes on.
struct HangMachine {
    enum Report: Hashable, Sendable {
        /// It has not answered for so long.
        case hangs(String, Duration)
        /// It answers again.
        case answers(String)
    }

    /// The longest time that a call may take without a word in the log.
    static let patience = Duration.seconds(10)

    /// How long to wait before the next look: what hangs is told within 15 s, whenever it began.
    var pause: Duration { isBusy ? Self.patience / 2 : Self.patience }

    private var hanging: Set<String> = []
    /// Whether anything was under way at the last look.
    private var isBusy = false

    /// How long the call under way has taken of each thing that may hang; those that are not named do not hang.
    mutating func observed(busy: [String: Duration]) -> [Report] {
        let now = Set(busy.filter { $0.value >= Self.patience }.keys)
        defer { hanging = now }
        isBusy = busy.values.contains { $0 > .zero }
        return hanging.subtracting(now).sorted().map(Report.answers)
            + now.subtracting(hanging).sorted().map { .hangs($0, busy[$0] ?? Self.patience) }
    }
}
