public import Registry

/// Has the readers of files take up what is new: runs a ``ReloadMachine``.
///
/// Actions overlap with one another and hold up nobody; those under way are ended with the task. What is
/// owed then is noted beside the files, and done by the next run.
public final class Reloader: Sendable {
    /// Does an action, within its limit. Ends on cancellation.
    ///
    /// - Throws: ``ReloadFault``.
    public typealias Performer =
        @Sendable (ReloadAction) async throws(ReloadFault) -> ReloadEnding

    private let driver: MachineDriver<ReloadMachine>
    private let perform: Performer
    private let observe: @Sendable (ReloadReport) -> Void

    /// A reloader that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - place: This host's place in a fleet; see ``ReloadAction/splay``. 0 to 1.
    ///   - perform: Does an action.
    ///   - observe: Told what there is to log and to count, in order; must not wait.
    public init(
        place: Double,
        generator: SeededGenerator,
        timeline: Timeline,
        perform: @escaping Performer,
        observe: @escaping @Sendable (ReloadReport) -> Void = { _ in }
    ) {
        self.perform = perform
        self.observe = observe
        driver = MachineDriver(
            ReloadMachine(place: place, generator: generator),
            timeline: timeline
        )
    }

    /// Names what is done after which file. What an earlier run still owed is due at once.
    public func setActions(_ actions: [String: ReloadAction]) {
        driver.happened { machine, _ in machine.actionsChanged(to: actions) }
        for path in actions.keys where ReloadMark(of: path).isSet { fileReplaced(path) }
    }

    /// A file was replaced.
    public func fileReplaced(_ path: String) {
        driver.happened { machine, now in machine.fileReplaced(path, at: now) }
    }

    /// Why actions fail, for those whose last run did.
    public var faults: [ReloadAction: ReloadFault] { driver.read { $0.faults } }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    /// Reloads until the task is cancelled.
    public func run() async {
        await driver.run { [self] action in
            switch action {
            case .report(let report):
                observe(report)
                return nil
            case .settle(let path):
                ReloadMark(of: path).clear()
                return nil
            case .perform(let action, let number): return { [self] in await run(action, number) }
            }
        }
    }

    private func run(_ action: ReloadAction, _ number: Int) async {
        do throws(ReloadFault) {
            let ending = try await perform(action)
            driver.happened { machine, now in
                switch ending {
                case .done: machine.runEnded(action, number: number, at: now)
                case .putOff: machine.runPutOff(action, number: number, at: now)
                }
            }
        } catch {
            driver.happened { machine, now in
                machine.runFailed(action, number: number, error, at: now)
            }
        }
    }
}
