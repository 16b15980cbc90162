package import Files
public import Machines
public import Registry
import Synchronization

/// Runs the checks of this host's services: runs a ``HealthMachine`` with real probes.
///
/// Each run of a check is a task of its own, so one that hangs delays no other. Nothing here knows of
/// etcd: whether that is there changes no verdict.
public final class HealthMonitor: Sendable {
    private let probe: @Sendable (CheckKind) -> (any Probe)?
    private let timeline: Timeline
    private let driver: MachineDriver<HealthMachine>
    private let runs = Mutex<[Int: StopSwitch]>([:])

    /// A monitor that checks nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - limits: How often a service may come and go.
    ///   - probe: What looks at each kind, made anew for each run; the real probes by default.
    public init(
        limits: DampingLimits = DampingLimits(),
        generator: SeededGenerator,
        timeline: Timeline,
        probe: @escaping @Sendable (CheckKind) -> (any Probe)? = standardProbes()
    ) {
        self.probe = probe
        self.timeline = timeline
        driver = MachineDriver(
            HealthMachine(limits: limits, generator: generator),
            timeline: timeline
        )
    }

    /// The real probes, with tools that they share.
    public static func standardProbes() -> @Sendable (CheckKind) -> (any Probe)? {
        standardProbes(threads: BlockingThreads())
    }

    /// The same, and the threads for what may hang.
    package static func standardProbes(
        threads: BlockingThreads
    ) -> @Sendable (CheckKind) -> (any Probe)? {
        let tools = ProbeTools(threads: threads)
        return { kind in kind.probe(with: tools) }
    }

    // MARK: asked for

    /// Names the services and their checks. Unchanged checks keep their state; what is gone is ended. A
    /// verdict on each is there when this returns; for those that are new it is reported when a check has
    /// said something.
    ///
    /// - Parameter presumedUp: Services that are in the registry already, from an earlier life or from
    ///   before they had checks: if new here, they begin as up, so that a restart withdraws nothing.
    public func setServices(
        _ services: [ServiceChecks],
        presumedUp: Set<ServiceKey> = []
    ) {
        driver.happened { machine, now in
            machine.servicesChanged(to: services, presumedUp: presumedUp, at: now)
        }
    }

    /// A unit is in this condition now. Told for each of ``units`` when it is known and at each change; it
    /// is remembered for checks that are configured later.
    public func unitChanged(_ unit: String, to condition: UnitCondition) {
        driver.happened { machine, now in machine.unitChanged(unit, to: condition, at: now) }
    }

    // MARK: looked at

    /// How each service stands.
    public var verdicts: [ServiceKey: HealthVerdict] {
        let now = timeline.now
        return driver.read { $0.verdicts(at: now) }
    }

    /// The units that must be followed for the services named last.
    public var units: Set<String> { driver.read { $0.units } }

    /// How many probes run now.
    package var runsUnderWay: Int { runs.withLock { $0.count } }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    // MARK: running

    /// Checks until the task is cancelled; runs under way are then ended and waited for. Verdicts stay as
    /// they are. Call it once.
    ///
    /// - Parameters:
    ///   - changed: Has done what follows from each change, in order: who is sent to a service that fails waits for
    ///     nothing else. Must not wait.
    ///   - observe: Told the same after that, to log and to count; must not wait.
    public func run(
        changed: @Sendable (HealthReport) -> Void = { _ in },
        observe: @Sendable (HealthReport) -> Void = { _ in }
    ) async {
        await driver.run { [self] action in
            switch action {
            case .run(let kind, let number):
                let end = StopSwitch()
                runs.withLock { $0[number] = end }
                return { [self] in await look(kind, number, end) }
            case .cancel(let number): runs.withLock { $0[number] }?.stop()
            case .report(let report):
                changed(report)
                observe(report)
            }
            return nil
        }
    }

    private func look(_ kind: CheckKind, _ number: Int, _ end: StopSwitch) async {
        await end.run { [self] in
            var failure: String?
            do throws(ProbeFailure) {
                try await probe(kind)?.run()
            } catch {
                failure = error.message
            }
            driver.happened { [failure] machine, now in
                machine.runEnded(number, failure: failure, at: now)
            }
        }
        _ = runs.withLock { $0.removeValue(forKey: number) }
    }
}
