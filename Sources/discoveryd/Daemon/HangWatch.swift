import Files
import Logging
import Registry
import ServiceLifecycle
import Texts

/// Logs which disk, name server or user database does not respond.
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
            log.log(
                .ioHangs,
                Self.resource(of: name),
                metadata: ["for": "\(span.text)"]
            )
        case .answers(let name): log.log(.ioAnswers, Self.resource(of: name))
        }
    }

    /// What the thread of that name waits for.
    private static func resource(of name: String) -> String {
        switch name {
        case "dns": "the name servers"
        case "configuration": "the configuration's disk, or the database of users and groups"
        case "certificates": "the disk of the system's certificates"
        case _ where name.hasPrefix("etcd "): "the disk of \(name.dropFirst(5)) of [etcd]"
        default: "the disk of \(name)"
        }
    }
}
