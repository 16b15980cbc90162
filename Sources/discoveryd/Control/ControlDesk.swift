import Configuration
import EndpointFiles
import Files
import Machines
import Registry
import Synchronization
import Texts

/// Answers requests of the control socket, from what everybody in the daemon knows.
struct ControlDesk: Sendable {
    /// How long a drain is waited for until etcd has it; it goes on by itself after that.
    static let drainPatience = Duration.seconds(5)
    /// How long a reload may take.
    static let reloadPatience = Duration.seconds(30)

    let configuration: CurrentConfiguration
    let wanted: WantedServices
    let board: StatusBoard
    let session: RegistrationSession
    let publisher: EndpointPublisher
    let reloader: Reloader
    let drains: DrainBoard
    let history: ServiceHistory
    let reloads: ReloadDesk
    let signal: ChangeSignal

    /// Answers; cancelled it answers what is known by then.
    func answer(_ request: ControlRequest) async -> ControlAnswer {
        if request.isChange, board.current.isStopping {
            return ControlAnswer(.busy, ["discoveryd is stopping"])
        }
        return switch request {
        case .status: ControlAnswer(.done, status: await report())
        case .wait(let service, let count, let limit):
            await wait(for: service, atLeast: count, within: limit)
        case .drain(let service, let span): await drain(service, for: span)
        case .undrain(let service): await undrain(service)
        case .reload: await reload()
        }
    }

    private func report() async -> StatusReport {
        let statuses = session.statuses
        let outputs = publisher.statuses
        return StatusReport(
            facts: board.current,
            configuration: configuration.value,
            registrations: statuses,
            since: history.note(statuses),
            lease: session.leaseID,
            outputs: outputs,
            modified: await publisher.modificationTimes(of: Array(outputs.keys)),
            drains: drains.drains,
            actionFaults: reloader.faults
        )
    }

    // MARK: waiting

    private func wait(
        for service: ServiceName?,
        atLeast count: Int,
        within limit: Duration
    ) async -> ControlAnswer {
        await wanted.whileWanting(service) {
            // The list that had enough is the one to wait for: in a fleet that changes all the time the
            // files are always behind the newest.
            let enough = FirstValue<Revision>()
            let isThere = await signal.wait(within: limit) {
                lack(of: service, count, enough) == nil
            }
            guard !isThere, let lack = lack(of: service, count, enough) else {
                return ControlAnswer(.done)
            }
            return ControlAnswer(.timedOut, [lack])
        }
    }

    /// What is missing for the files to show as many endpoints as that, of a list that is current.
    private func lack(
        of service: ServiceName?,
        _ wanted: Int,
        _ enough: FirstValue<Revision>
    ) -> String? {
        let facts = board.current
        guard facts.state == .current, let list = facts.list else {
            return "the list is not current: \(facts.state.rawValue)"
        }
        let names = service.map { [$0] } ?? list.table.names
        let found = names.reduce(0) { sum, name in
            sum + list.table.endpoints(of: name).count { $0.state == .up }
        }
        guard found >= wanted else {
            let what = service.map { "\($0) has" } ?? "there are"
            return "\(what) \(found) of \(wanted) endpoints"
        }
        guard publisher.hasWrittenAll, publisher.hasWritten(upTo: enough.set(list.revision)) else {
            return "some files do not hold the list yet"
        }
        for (path, status) in publisher.statuses.sorted(by: { $0.key < $1.key }) {
            switch status {
            case .kept(let reason): return "\(path) not updated: \(reason)"
            case .failed(let error): return "\(path): \(error.message)"
            case .refused(let fault): return "\(path) not updated: \(fault)"
            case .waiting, .pending, .current: continue
            }
        }
        return nil
    }

    // MARK: draining

    private func drain(_ service: ServiceName?, for span: Duration?) async -> ControlAnswer {
        if let service, let fault = unknown(service) { return ControlAnswer(.invalid, [fault]) }
        let target = DrainMachine.Target(service)
        let change = drains.drain(target, for: span)
        let end = span.map { "for \(DurationText($0))" } ?? "until 'discoveryd undrain'"
        return await settled(change, "\(target.name) drains \(end)")
    }

    private func undrain(_ service: ServiceName?) async -> ControlAnswer {
        if let service, drains.drains[.host] != nil {
            return ControlAnswer(
                .invalid,
                [
                    "the whole host drains, and \(service) with it; end that with 'discoveryd "
                        + "undrain'"
                ]
            )
        }
        let target = DrainMachine.Target(service)
        if let service, drains.drains[target] == nil, let fault = unknown(service) {
            return ControlAnswer(.invalid, [fault])
        }
        return await settled(drains.undrain(target), "\(target.name) is in service")
    }

    private func settled(_ change: Int, _ sentence: String) async -> ControlAnswer {
        _ = await signal.wait(within: Self.drainPatience) {
            drains.isInForce(change) && drains.isKept(change)
        }
        let isInForce = drains.isInForce(change)
        var messages = [sentence]
        if !isInForce {
            messages.append("not in etcd yet; it is written as soon as etcd answers")
        }
        if let trouble = drains.keepTrouble(change) { messages.append(trouble) }
        return ControlAnswer(isInForce ? .done : .timedOut, messages)
    }

    private func unknown(_ service: ServiceName) -> String? {
        let names = Set(configuration.value.services.map(\.name)).sorted()
        guard !names.contains(service) else { return nil }
        guard !names.isEmpty else { return "this host registers no service" }
        let known = names.map(\.text).joined(separator: ", ")
        return "this host registers no service \(service); it registers \(known)"
    }

    // MARK: reloading

    private func reload() async -> ControlAnswer {
        // Throws when it is cancelled, and then nobody is left to be answered.
        let outcome = try? await within(Self.reloadPatience) { await reloads.reload() }
        return switch outcome ?? nil {
        case .applied(let notes): ControlAnswer(.done, notes)
        case .refused(let faults):
            ControlAnswer(
                .refused,
                faults + ["configuration reload failed; the old configuration stays in force"]
            )
        case nil: ControlAnswer(.busy, ["the reload is still running; see the log of discoveryd"])
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
