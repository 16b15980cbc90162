import Machines
import Programs

/// Decides what HAProxy's process is told when a file was replaced, and when it is reloaded instead.
///
/// A round looks at file and process, sends the commands of the ``RuntimeDifference``, and looks again: it is over when
/// nothing differs. Whatever comes meanwhile is in the next look, so there is one round at a time. Servers that leave are
/// drained in the round, and deleted by and by.
struct RuntimeMachine: StateMachine {
    /// An action for the driver.
    enum Action: Equatable, Sendable {
        /// Read the file and ask HAProxy how it stands; tell ``looked(_:number:_:_:at:)``.
        case look(RuntimeOutput, connections: Bool, number: Int)
        /// Send the commands; tell ``sent(_:number:_:at:)``.
        case send(RuntimeOutput, [RuntimeCommand], number: Int)
        /// Have a program look at the file; tell ``checked(_:number:_:at:)``.
        case check(path: String, ProgramCall, number: Int)
        /// Have HAProxy reloaded.
        case reload(path: String)
        /// Have no reload done for the file that was asked for and has not begun: the process has all of it.
        case cancelReload(path: String)
        /// The process does what the file says: nothing is owed for it.
        /// The file was read after that instant, by the clock of ``ReloadMark``.
        case settle(path: String, readAt: Duration)
        /// Report.
        case report(RuntimeReport)
    }

    private var outputs: [String: RuntimeState] = [:]
    private var numbers = 0

    /// A machine without outputs.
    init() {}

    /// The state of each process towards its file, by the file's path.
    var statuses: [String: RuntimeStatus] { outputs.mapValues(\.status) }

    // MARK: events

    /// The configuration names these files now.
    mutating func outputsChanged(to named: [RuntimeOutput], at now: Duration) -> [Action] {
        let paths = Set(named.map(\.path))
        outputs = outputs.filter { paths.contains($0.key) }
        for output in named where outputs[output.path]?.output != output {
            outputs[output.path] = RuntimeState(output, at: now)
        }
        return advance(at: now)
    }

    /// The file was found as an earlier run left it: what HAProxy loaded, unless a reload is owed.
    mutating func earlierFileFound(
        _ path: String,
        _ file: HAProxyFile?,
        isOwed: Bool,
        at now: Duration
    ) -> [Action] {
        outputs[path]?.earlierFileFound(file, isOwed: isOwed, at: now)
        return advance(at: now)
    }

    /// The file was replaced.
    ///
    /// - Parameter isChecked: Whether a program has accepted it.
    mutating func fileReplaced(_ path: String, isChecked: Bool, at now: Duration) -> [Action] {
        outputs[path]?.fileReplaced(isChecked: isChecked, at: now)
        return advance(at: now)
    }

    /// File and process were looked at.
    mutating func looked(
        _ path: String,
        number: Int,
        _ reading: RuntimeReading,
        _ result: Result<RuntimeLook, RuntimeFault>,
        at now: Duration
    ) -> [Action] {
        guard case .looking(number) = outputs[path]?.step else { return [] }
        numbers += 1
        return (outputs[path]?.looked(reading, result, next: numbers, at: now) ?? [])
            + advance(at: now)
    }

    /// Commands were sent; with what HAProxy answered that may be a refusal, in its words.
    mutating func sent(
        _ path: String,
        number: Int,
        _ result: Result<[String], RuntimeFault>,
        at now: Duration
    ) -> [Action] {
        guard case .sending(number) = outputs[path]?.step else { return [] }
        numbers += 1
        return (outputs[path]?.sent(result, next: numbers, at: now) ?? []) + advance(at: now)
    }

    /// The program has looked at the file.
    mutating func checked(
        _ path: String,
        number: Int,
        _ fault: ProgramFault?,
        at now: Duration
    ) -> [Action] {
        (outputs[path]?.checked(fault, number: number, at: now) ?? []) + advance(at: now)
    }

    /// HAProxy was reloaded for the file.
    mutating func reloaded(_ path: String, at now: Duration) -> [Action] {
        outputs[path]?.reloaded(at: now)
        return advance(at: now)
    }

    // MARK: time

    /// As ``StateMachine/deadline`` says.
    var deadline: Duration? { outputs.values.compactMap(\.deadline).min() }

    /// As ``StateMachine/timePassed(to:)`` says.
    mutating func timePassed(to now: Duration) -> [Action] { advance(at: now) }

    private mutating func advance(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for path in outputs.keys.sorted() {
            guard let due = outputs[path]?.deadline, due <= now else { continue }
            numbers += 1
            if let look = outputs[path]?.beginLook(numbers, at: now) { actions.append(look) }
        }
        return actions
    }
}
