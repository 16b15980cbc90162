import FoundationEssentials
import Machines
import Registry

/// Decides which of this host's services get no new traffic, and until when.
///
/// Ends are saved by the wall clock, so that they outlive the process, and counted on the timeline while it
/// runs: a clock that is set does not move them.
struct DrainMachine: StateMachine {
    /// What drains.
    enum Target: Hashable, Sendable {
        case host
        case service(ServiceName)
    }

    /// One drain.
    struct Drain: Hashable, Sendable {
        var since: Date
        /// When it ends by itself.
        var until: Date?
        /// The same on the timeline.
        var due: Duration?
    }

    enum Action: Equatable, Sendable {
        /// These drain from now on.
        case apply(Drains)
        /// This is to be found by the next run; the number counts the changes.
        case save([SavedDrain], change: Int)
        /// It has ended by itself.
        case reportEnd(Target)
    }

    private(set) var drains: [Target: Drain] = [:]
    /// How often something changed.
    private(set) var changes = 0

    /// What drains, as the registration wants to know it.
    var current: Drains {
        var services: Set<ServiceName> = []
        for case .service(let name) in drains.keys { services.insert(name) }
        return Drains(everything: drains[.host] != nil, services: services)
    }

    // MARK: what happened

    /// An earlier run left these.
    mutating func drainsFound(_ saved: [SavedDrain], wall: Date, at now: Duration) -> [Action] {
        for one in saved {
            var drain = Drain(since: one.since, until: one.until)
            if let until = one.until {
                // A clock that was set back must not make it longer than it was asked for.
                let rest = min(until.timeIntervalSince(wall), until.timeIntervalSince(one.since))
                guard rest > 0 else { continue }
                drain.due = now + .milliseconds(Int64(rest * 1000))
            }
            drains[one.service.map(Target.service) ?? .host] = drain
        }
        let isLess = drains.count < saved.count
        return [.apply(current)] + (isLess ? save() : [])
    }

    /// Somebody wants it to drain: for so long, or until told. What drains already has that as its new
    /// end.
    mutating func drainRequested(
        _ target: Target,
        for span: Duration?,
        wall: Date,
        at now: Duration
    ) -> [Action] {
        drains[target] = Drain(
            since: drains[target]?.since ?? wall,
            until: span.map { wall + TimeInterval($0.milliseconds) / 1000 },
            due: span.map { now + $0 }
        )
        return changed()
    }

    /// Somebody wants it back in service; the host's end is that of all drains.
    mutating func undrainRequested(_ target: Target) -> [Action] {
        switch target {
        case .host: drains = [:]
        case .service: drains[target] = nil
        }
        return changed()
    }

    // MARK: time

    var deadline: Duration? { drains.values.compactMap(\.due).min() }

    mutating func timePassed(to now: Duration) -> [Action] {
        let ended = drains.filter { $0.value.due.map { $0 <= now } ?? false }.keys
        guard !ended.isEmpty else { return [] }
        for target in ended { drains[target] = nil }
        return changed() + ended.sorted { $0.name < $1.name }.map(Action.reportEnd)
    }

    private mutating func changed() -> [Action] { [.apply(current)] + save() }

    private mutating func save() -> [Action] {
        changes += 1
        let saved = drains.sorted { $0.key.name < $1.key.name }.map { target, drain in
            SavedDrain(service: target.service, since: drain.since, until: drain.until)
        }
        return [.save(saved, change: changes)]
    }
}

extension DrainMachine.Target {
    init(_ service: ServiceName?) {
        self = service.map(Self.service) ?? .host
    }

    /// The service; `nil` for the whole host.
    var service: ServiceName? {
        if case .service(let name) = self { name } else { nil }
    }

    /// For people, and to sort by.
    var name: String { service?.text ?? "the whole host" }
}

extension Duration {
    /// In whole milliseconds, what is less dropped.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
