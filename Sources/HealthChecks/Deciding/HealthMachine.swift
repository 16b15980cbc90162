public import Machines
public import Registry

/// Decides for all services of this host which check runs when, and which service is up. Services
/// share nothing but the units that their checks name.
public struct HealthMachine: StateMachine {
    /// An action for the driver.
    public typealias Action = ServiceHealthMachine.Action

    private var services: [ServiceKey: ServiceHealthMachine] = [:]
    /// The last states of units, for checks that are configured later; as many as are watched.
    private var conditions: [String: UnitCondition] = [:]
    private let limits: DampingLimits
    private var counter = 0
    private var generator: SeededGenerator

    /// A machine without services.
    ///
    /// - Parameter generator: Decides the jitter.
    public init(limits: DampingLimits = DampingLimits(), generator: SeededGenerator) {
        self.limits = limits
        self.generator = generator
    }

    /// How each service stands.
    public func verdicts(at now: Duration) -> [ServiceKey: HealthVerdict] {
        services.mapValues { $0.verdict(at: now) }
    }

    /// The units that must be followed.
    public var units: Set<String> {
        Set(
            services.values.flatMap(\.checks).compactMap {
                if case .unit(let name) = $0.definition.kind { name } else { nil }
            }
        )
    }

    // MARK: events

    /// The configuration names these services now.
    ///
    /// - Parameter presumedUp: Those that are in the registry already: if new here, they begin as up.
    public mutating func servicesChanged(
        to named: [ServiceChecks],
        presumedUp: Set<ServiceKey>,
        at now: Duration
    ) -> [Action] {
        let keys = Set(named.map(\.key))
        var actions: [Action] = []
        for key in services.keys.sorted() where !keys.contains(key) {
            actions += services[key]?.runs.map { .cancel(number: $0) } ?? []
            services[key] = nil
        }
        for service in named {
            if let changed = services[service.key]?
                .checksChanged(to: service.checks, conditions: conditions, at: now)
            {
                actions += changed
                continue
            }
            var machine = ServiceHealthMachine(
                service,
                presumedUp: presumedUp.contains(service.key),
                conditions: conditions,
                limits: limits,
                generator: generator.split(),
                at: now
            )
            actions += machine.started(at: now)
            services[service.key] = machine
        }
        return actions
    }

    /// A unit is in this condition.
    public mutating func unitChanged(
        _ unit: String,
        to condition: UnitCondition,
        at now: Duration
    ) -> [Action] {
        conditions[unit] = condition
        return inOrder { service in service.unitChanged(unit, to: condition, at: now) }
    }

    /// A run has ended.
    ///
    /// - Parameter failure: What it saw; `nil` when it passed.
    public mutating func runEnded(_ number: Int, failure: String?, at now: Duration) -> [Action] {
        for (key, service) in services where service.runs.contains(number) {
            return services[key]?.runEnded(number, failure: failure, at: now) ?? []
        }
        return []
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    public var deadline: Duration? { services.values.compactMap(\.deadline).min() }

    /// As ``StateMachine/timePassed(to:)`` says.
    public mutating func timePassed(to now: Duration) -> [Action] {
        var counter = counter
        defer { self.counter = counter }
        return inOrder { service in
            // Services that wait for a later instant are left alone.
            guard let deadline = service.deadline, deadline <= now else { return [] }
            return service.timePassed(to: now, counter: &counter)
        }
    }

    private mutating func inOrder(
        _ event: (inout ServiceHealthMachine) -> [Action]
    ) -> [Action] {
        var actions: [Action] = []
        for key in services.keys.sorted() {
            guard var service = services[key] else { continue }
            actions += event(&service)
            services[key] = service
        }
        return actions
    }
}
