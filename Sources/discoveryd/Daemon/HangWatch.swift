import Files
import Logging
import Registry
import ServiceLifecycle
import Texts

/// Says which disk, or whatever else is asked on a thread of its own, does not answer.
struct HangWatch: Service {
    private static let lookEvery = Duration.seconds(5)

    let threads: BlockingThreads
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var machine = HangMachine()
            while !Task.isCancelled {
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: Self.lookEvery)
                for report in machine.observed(busy: threads.statuses.mapValues(\.busyFor)) {
                    say(report)
                }
            }
        }
    }

    private func say(_ report: HangMachine.Report) {
        switch report {
        case .hangs(let name, let span):
            log.warning(
                "no answer, so what needs it waits and all else goes on: \(Self.words(name))",
                metadata: ["for": "\(span.text)"]
            )
        case .answers(let name): log.notice("it answers again: \(Self.words(name))")
        }
    }

    /// What hangs on the thread of that name.
    private static func words(_ name: String) -> String {
        switch name {
        case "dns": "the name servers"
        case "configuration": "the configuration's disk, or the database of users and groups"
        case "certificates": "the disk of the system's certificates"
        case _ where name.hasPrefix("etcd "): "the disk of \(name.dropFirst(5)) of [etcd]"
        default: "the disk of \(name)"
        }
    }
}
