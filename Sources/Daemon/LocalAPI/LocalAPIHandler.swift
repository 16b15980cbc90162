import Configuration
import Files
import FoundationEssentials
import Machines
import Registry
import Synchronization
import Texts

/// Answers requests of the local API, from what everybody in the daemon knows.
package struct LocalAPIHandler: Sendable {
    /// How long a drain is waited for until etcd has it; it goes on by itself after that.
    static let drainPatience = Duration.seconds(5)
    /// How long a reload may take.
    package static let reloadPatience = Duration.seconds(30)

    let state: StateReader
    let wanted: WantedServices
    let drains: DrainController
    let reloads: ConfigurationReloadQueue
    let signal: ChangeSignal
    let history: EventHistory
    /// Makes the reports that take a core for a while: a service of 100,000 instances explained.
    let thread: BlockingThread

    /// Answers; cancelled it answers what is known by then.
    package func answer(_ request: LocalAPIRequest) async -> LocalAPIAnswer {
        if request.action.isChange, state.now.isStopping {
            return LocalAPIAnswer(.stopping, ["discoveryd is stopping"])
        }
        return switch request {
        case .status: LocalAPIAnswer(.done, report: StatusReport(state.now, at: Date()).json)
        case .events(let query): LocalAPIAnswer(.done, report: report(query).json)
        case .awaitEvents(let query, let limit): await newEvents(query, within: limit)
        case .explain(let service, let instance):
            await thread.run { explain(service, instance) }
                ?? LocalAPIAnswer(.busy, ["the report could not be made; try again"])
        case .wait(let service, let count, let limit):
            await wait(for: service, atLeast: count, within: limit)
        case .drain(let service, let span): await drain(service, for: span)
        case .undrain(let service): await undrain(service)
        case .reload: await reload()
        }
    }

    // MARK: events

    private func report(_ query: LocalAPIRequest.EventQuery) -> EventReport {
        let after = query.run.map { $0 == history.run } ?? true ? query.after : 0
        // Before the events are: whoever asks for what comes after it misses none.
        let last = history.last
        let selection: EventHistory.Selection =
            query.service.map { .service($0, query.instance, isOwn: isOwn($0)) } ?? .all
        return EventReport(history.snapshot(selection, after: after), last: last, run: history.run)
    }

    private func newEvents(
        _ query: LocalAPIRequest.EventQuery,
        within limit: Duration
    ) async -> LocalAPIAnswer {
        let now = report(query)
        if now.events.isEmpty {
            // The number first, which costs nothing.
            _ = await signal.wait(within: limit) {
                history.last > now.last && !report(query).events.isEmpty
            }
        }
        return LocalAPIAnswer(.done, report: report(query).json)
    }

    private func isOwn(_ service: ServiceName) -> Bool {
        state.now.configuration.services.contains { $0.name == service }
    }

    private func explain(_ service: ServiceName, _ instance: InstanceID?) -> LocalAPIAnswer {
        let now = state.now
        guard
            let report = ExplainReport(service, instance, in: now, at: Date(), history: history)
        else {
            let name = instance.map { "\(service)/\($0)" } ?? service.text
            let selection = now.configuration.selection
            guard selection.contains(service) else {
                return LocalAPIAnswer(
                    .unknownService,
                    ["nothing is known here of \(name): no output of this host shows \(service)"]
                )
            }
            return LocalAPIAnswer(
                .unknownService,
                [
                    "nothing is known here of \(name): it is not in the list, this host does not register it, and "
                        + "nothing has happened to it since discoveryd started"
                ]
            )
        }
        return LocalAPIAnswer(.done, report: report.json)
    }

    // MARK: waiting

    private func wait(
        for service: ServiceName?,
        atLeast count: Int,
        within limit: Duration
    ) async -> LocalAPIAnswer {
        await wanted.whileWanting(service) {
            // The list that had enough is the one to wait for: in a fleet that changes all the time the
            // files are always behind the newest.
            let enough = FirstValue<Revision>()
            let isThere = await signal.wait(within: limit) {
                lack(of: service, count, enough) == nil
            }
            guard !isThere, let lack = lack(of: service, count, enough) else {
                return LocalAPIAnswer(.done)
            }
            return LocalAPIAnswer(.timedOut, [lack])
        }
    }

    /// Says what is missing for the files to show as many endpoints as that, of a list that is current.
    private func lack(
        of service: ServiceName?,
        _ wanted: Int,
        _ enough: FirstValue<Revision>
    ) -> String? {
        let state = state.now
        switch state.supply(of: service, atLeast: wanted) {
        case .lacking(let lack): return lack
        case .enough(let revision): return state.lackOfFiles(upTo: enough.set(revision))
        }
    }

    // MARK: draining

    private func drain(_ service: ServiceName?, for span: Duration?) async -> LocalAPIAnswer {
        if let service, let fault = unknown(service) {
            return LocalAPIAnswer(.unknownService, [fault])
        }
        let target = DrainMachine.Target(service)
        let change = drains.drain(target, for: span)
        let end = span.map { "for \(DurationText($0))" } ?? "until 'discoveryd undrain'"
        return await settled(change, "\(target.name) drains \(end)")
    }

    private func undrain(_ service: ServiceName?) async -> LocalAPIAnswer {
        if let service, drains.drains[.host] != nil {
            return LocalAPIAnswer(
                .conflict,
                [
                    "the whole host drains, and \(service) with it; end that with 'discoveryd "
                        + "undrain'"
                ]
            )
        }
        let target = DrainMachine.Target(service)
        if let service, drains.drains[target] == nil, let fault = unknown(service) {
            return LocalAPIAnswer(.unknownService, [fault])
        }
        return await settled(drains.undrain(target), "\(target.name) is in service")
    }

    private func settled(_ change: Int, _ sentence: String) async -> LocalAPIAnswer {
        _ = await signal.wait(within: Self.drainPatience) {
            drains.isInForce(change) && drains.isSaved(change)
        }
        let isInForce = drains.isInForce(change)
        var messages = [sentence]
        if !isInForce {
            messages.append("not in etcd yet; it is written as soon as etcd answers")
        }
        if let failure = drains.saveFailure(change) { messages.append(failure) }
        return LocalAPIAnswer(isInForce ? .done : .pending, messages)
    }

    private func unknown(_ service: ServiceName) -> String? {
        let names = Set(state.now.configuration.services.map(\.name)).sorted()
        guard !names.contains(service) else { return nil }
        guard !names.isEmpty else { return "this host registers no service" }
        let known = names.map(\.text).joined(separator: ", ")
        return "this host registers no service \(service); it registers \(known)"
    }

    // MARK: reloading

    private func reload() async -> LocalAPIAnswer {
        // Throws when it is cancelled, and then nobody is left to be answered.
        let outcome = try? await within(Self.reloadPatience) { await reloads.reload() }
        return switch outcome ?? nil {
        case .applied(let notes): LocalAPIAnswer(.done, notes)
        case .refused(let faults):
            LocalAPIAnswer(
                .refused,
                faults + ["configuration reload failed; the old configuration stays in force"]
            )
        case .full:
            LocalAPIAnswer(.busy, ["too many requests for a reload wait already; try again"])
        case nil: LocalAPIAnswer(.busy, ["the reload is still running; see the log of discoveryd"])
        }
    }
}

/// Keeps the first value that it is given.
private final class FirstValue<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    /// - Returns: The first value.
    func set(_ new: Value) -> Value {
        value.withLock { value in
            let first = value ?? new
            value = first
            return first
        }
    }
}
