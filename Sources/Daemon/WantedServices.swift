import Configuration
import Machines
import Registry

/// Has the endpoints known of the services that are needed: runs a ``WantedServicesMachine`` on the watch. Of all others
/// the daemon keeps no more than the keys.
final class WantedServices: Sendable {
    private let driver: MachineDriver<WantedServicesMachine>
    private let select: @Sendable (ServiceSelection) -> Void

    /// - Parameter select: Called with each new selection, in order; must not wait.
    init(
        _ configuration: Configuration,
        timeline: Timeline,
        select: @escaping @Sendable (ServiceSelection) -> Void
    ) {
        driver = MachineDriver(
            WantedServicesMachine(outputs: configuration.selection),
            timeline: timeline
        )
        self.select = select
    }

    /// Other outputs are configured.
    func configurationChanged(to configuration: Configuration) {
        happened { machine, now in machine.outputsChanged(to: configuration.selection, at: now) }
    }

    /// Has a service's endpoints known while somebody waits for them.
    func whileWanting<Value>(_ service: ServiceName?, _ wait: () async -> Value) async -> Value {
        guard let service else { return await wait() }
        happened { machine, now in machine.waitBegan(for: service, at: now) }
        defer { happened { machine, now in machine.waitEnded(for: service, at: now) } }
        return await wait()
    }

    /// Selects until the task is cancelled.
    func run() async {
        await driver.run { [select] action in
            switch action {
            case .select(let selection): select(selection)
            }
            return nil
        }
    }

    private func happened(
        _ event: (inout WantedServicesMachine, _ now: Duration) -> [WantedServicesMachine.Action]
    ) {
        driver.happened(event)
    }
}

/// Decides which services' endpoints are needed: those that an output shows, and those that somebody waits for or has
/// just waited for.
///
/// Each service that is new to the selection has the whole prefix read. So whoever waits again and again finds what it
/// waited for the last time, and what is waited for changes the selection once a second at most, however many wait.
struct WantedServicesMachine: StateMachine {
    enum Action: Equatable, Sendable {
        /// Keep the endpoints of these, and of no others.
        case select(ServiceSelection)
    }

    /// How long a service stays selected after the last wait for it.
    static let linger = Duration.seconds(60)
    /// How many do so at once; of more those go that were waited for first.
    static let mostLingering = 16
    /// The least time between two selections that waits have changed.
    static let pause = Duration.seconds(1)

    private var outputs: ServiceSelection
    /// How many wait for each.
    private var waiting: [ServiceName: Int] = [:]
    /// Until when each stays that nobody waits for any more.
    private var lingering: [ServiceName: Duration] = [:]
    private var selected: ServiceSelection
    /// Before that no wait changes the selection.
    private var nextChange = Duration.zero

    /// - Parameter outputs: What the outputs show, which is selected already.
    init(outputs: ServiceSelection) {
        self.outputs = outputs
        selected = outputs
    }

    // MARK: events

    /// Other outputs are configured. They do not wait for the pause.
    mutating func outputsChanged(to outputs: ServiceSelection, at now: Duration) -> [Action] {
        self.outputs = outputs
        return change()
    }

    /// Somebody waits for a service.
    mutating func waitBegan(for service: ServiceName, at now: Duration) -> [Action] {
        waiting[service, default: 0] += 1
        return advance(at: now)
    }

    /// Somebody waits for it no more.
    mutating func waitEnded(for service: ServiceName, at now: Duration) -> [Action] {
        guard let count = waiting[service] else { return [] }
        waiting[service] = count > 1 ? count - 1 : nil
        guard count == 1 else { return [] }
        lingering[service] = now + Self.linger
        if lingering.count > Self.mostLingering,
            let first = lingering.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key
        {
            lingering[first] = nil
        }
        return advance(at: now)
    }

    // MARK: time

    var deadline: Duration? {
        wanted == selected ? lingering.values.min() : nextChange
    }

    mutating func timePassed(to now: Duration) -> [Action] { advance(at: now) }

    // MARK: what follows

    private var wanted: ServiceSelection {
        outputs.union(.only(Set(waiting.keys).union(lingering.keys)))
    }

    private mutating func advance(at now: Duration) -> [Action] {
        lingering = lingering.filter { $0.value > now }
        guard nextChange <= now else { return [] }
        let actions = change()
        if !actions.isEmpty { nextChange = now + Self.pause }
        return actions
    }

    private mutating func change() -> [Action] {
        let wanted = wanted
        guard wanted != selected else { return [] }
        selected = wanted
        return [.select(wanted)]
    }
}

extension Configuration {
    /// The services that its outputs show.
    var selection: ServiceSelection {
        outputs.reduce(.only([])) { selection, output in
            selection.union(output.services.map { .only(Set($0)) } ?? .all)
        }
    }
}
