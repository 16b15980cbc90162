import EndpointFiles
import Logging
import Registry
import ServiceLifecycle

/// Writes down which lease is ours, so that the next run goes on with it.
final class LeaseKeeper: Service {
    private enum News: Sendable {
        case granted(KeptLease)
        case left
    }

    private let directory: StateDirectory?
    private let log: Logger
    private let news: AsyncStream<News>
    private let newsArrived: AsyncStream<News>.Continuation

    /// - Parameter directory: Where; nothing is kept without one.
    init(_ directory: StateDirectory?, log: Logger) {
        self.directory = directory
        self.log = log
        // Only the newest lease is worth anything.
        (news, newsArrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether the next run would find this lease.
    func keeps(_ lease: LeaseID?) -> Bool { lease != nil && directory?.lease?.id == lease }

    func reported(_ report: RegistrationReport, _ settings: RegistrationMachine.Settings) {
        switch report {
        case .leaseGranted(let id, let term):
            newsArrived.yield(.granted(KeptLease(id, of: term.clusterID, settings)))
        case .left(nil): newsArrived.yield(.left)
        default: break
        }
    }

    /// Runs until the daemon stops, and then to the end of what was reported: it is the last to go.
    func run() async throws {
        directory?.removeLeftovers()
        await withGracefulShutdownHandler {
            for await news in news { note(news) }
        } onGracefulShutdown: {
            self.newsArrived.finish()
        }
    }

    private func note(_ news: News) {
        guard let directory else { return }
        switch news {
        case .left: directory.forgetLease()
        case .granted(let lease):
            do throws(FileError) {
                try directory.keep(lease)
            } catch {
                log.warning("the lease is not kept for the next run, which will be seen: \(error)")
            }
        }
    }
}
