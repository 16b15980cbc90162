import Configuration
import EndpointFiles
import Logging
import Machines
import Programs
import Registry
import ServiceLifecycle

/// The files, and what follows when they are replaced.
struct FileParts: Sendable {
    let publisher: EndpointPublisher
    let reloader: Reloader
    /// Keeps the list for a start without etcd.
    let archive: EndpointPublisher

    init(_ daemon: Daemon, _ shared: SharedParts, _ generator: inout SeededGenerator) {
        let performer = ActionPerformer(log: daemon.log)
        let reloader = Reloader(
            place: daemon.host.place,
            generator: generator.split(),
            timeline: shared.timeline,
            threads: shared.threads,
            perform: performer.perform
        ) { report in
            shared.log.reload(report)
            shared.metrics.reload(report)
            shared.signal.raise()
        }
        reloader.setActions(daemon.configuration.reloads)
        // What is kept for the next start is rendered once, where an output shows the same.
        let renderers = RendererPool(prefix: daemon.configuration.etcd.prefix)
        publisher = EndpointPublisher(
            renderers: renderers,
            generator: generator.split(),
            timeline: shared.timeline,
            threads: shared.threads,
            programs: ProgramRunner(performer.content),
            taken: { shared.signal.raiseSoon() },
            observe: { report in
                shared.log.publish(report)
                if case .written(let path, _, _) = report { reloader.fileReplaced(path) }
                shared.metrics.publish(report)
                if report.isProgress { shared.signal.raiseSoon() } else { shared.signal.raise() }
            }
        )
        publisher.setOutputs(daemon.configuration.outputs.map(EndpointOutput.init))
        self.reloader = reloader
        archive = Self.archive(daemon, shared, renderers, generator.split())
    }

    /// What the store has, not too often.
    private static func archive(
        _ daemon: Daemon,
        _ shared: SharedParts,
        _ renderers: RendererPool,
        _ generator: SeededGenerator
    ) -> EndpointPublisher {
        let archive = EndpointPublisher(
            renderers: renderers,
            generator: generator,
            timeline: shared.timeline,
            threads: shared.threads,
            observe: { report in
                guard case .failed(let error, _) = report else { return }
                daemon.log.log(.lastListNotSaved, "\(error)")
            }
        )
        guard let state = daemon.state else { return archive }
        var output = EndpointOutput(path: state.listPath, mode: 0o600)
        output.hold = .zero
        output.wait = OutputWait(min: .seconds(2), max: .seconds(30))
        archive.setOutputs([output])
        return archive
    }

    var services: [any Service] {
        [
            Running { [reloader] in await reloader.run() },
            Running { [publisher] in await publisher.run() },
            Running { [archive] in await archive.run() },
        ]
    }
}

extension PublishReport {
    /// Whether all is as it was, only further on.
    fileprivate var isProgress: Bool {
        switch self {
        case .written, .unchanged: true
        default: false
        }
    }
}
