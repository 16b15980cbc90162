import FoundationEssentials
import Registry
import Synchronization

/// Keeps the last events in memory, so that what led to a state can be shown later.
///
/// Bounded twice: a subject (a service's instance, an output file, a consumer, the list, …) keeps so many events, so
/// that one that is in trouble again and again pushes out nobody else's; and all together take so many bytes. What
/// happens to the endpoints of the fleet has a limit of its own: it may be thousands a second, and is never to push out
/// what happened to this host.
final class EventHistory: Sendable {
    /// One event.
    struct Entry: Hashable, Sendable {
        /// When it happened, by the wall clock.
        var time: Date
        /// The order of events, also of those with the same time; the first is 1.
        var number: Int
        /// The event itself.
        var note: EventNote
    }

    /// The subject of an event.
    enum Subject: Hashable, Sendable {
        /// An instance that this host registers, and its checks.
        case instance(ServiceKey)
        /// An endpoint of the list, whoever registers it.
        case endpoint(ServiceKey)
        case output(String)
        case consumer(String)
        case drain(DrainMachine.Target)
        case lease
        case list
        case connection
        case configuration
        case daemon
    }

    /// Selects events.
    enum Selection: Sendable {
        case all
        /// Those of a service, or of one instance of it; and where it is one of this host's, those of the lease and
        /// of the drains that it is under.
        case service(ServiceName, InstanceID?, isOwn: Bool)

        /// Whether events about that subject are among them.
        func contains(_ subject: Subject) -> Bool {
            guard case .service(let name, let instance, let isOwn) = self else { return true }
            switch subject {
            case .instance(let key), .endpoint(let key):
                return key.service == name && (instance.map { $0 == key.instance } ?? true)
            case .drain(let target): return isOwn && (target.service.map { $0 == name } ?? true)
            case .lease: return isOwn
            case .output, .consumer, .list, .connection, .configuration, .daemon: return false
            }
        }
    }

    /// Events that share a limit.
    private struct Shelf {
        var entries: [Subject: [Entry]] = [:]
        var bytes = 0
        let limit: Int

        mutating func add(_ entry: Entry, perSubject: Int) {
            let subject = entry.note.subject
            var known = entries[subject] ?? []
            if entry.note.isProgress, known.last?.note.kind == entry.note.kind,
                let last = known.popLast()
            {
                bytes -= last.cost
            } else if known.count >= perSubject {
                bytes -= known.removeFirst().cost
            }
            known.append(entry)
            bytes += entry.cost
            entries[subject] = known
            if bytes > limit { dropOldest() }
        }

        /// Drops the oldest quarter: rarely, so that a flood pays little for it.
        private mutating func dropOldest() {
            let all = entries.values.joined().sorted { $0.number > $1.number }
            var (kept, first) = (0, Int.max)
            for entry in all {
                kept += entry.cost
                guard kept <= limit / 4 * 3 else { break }
                first = entry.number
            }
            entries = entries.compactMapValues { entries in
                let left = entries.filter { $0.number >= first }
                return left.isEmpty ? nil : left
            }
            bytes = entries.values.joined().reduce(0) { $0 + $1.cost }
        }
    }

    private struct State {
        var host: Shelf
        var fleet: Shelf
        var number = 0
    }

    /// The most bytes of a detail that are kept; a peer may have written it.
    static let longestDetail = 512

    /// Tells the numbers of this run's events from those of another one: when it began, as ISO 8601 has it.
    var run: String { began.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }

    private let began = Date.now
    private let perSubject: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - perSubject: How many events of one subject are kept.
    ///   - bytes: How much memory those of this host may take, and how much those of the fleet's endpoints.
    init(perSubject: Int = 32, bytes: Int = 1 << 20) {
        self.perSubject = perSubject
        state = Mutex(State(host: Shelf(limit: bytes), fleet: Shelf(limit: bytes)))
    }

    /// Notes an event, if it is one to be remembered.
    func record(_ event: DaemonEvent, at time: Date) {
        if case .endpoints(let changes) = event {
            record(changes.map { EventNote($0) }, at: time)
        } else if let note = EventNote(event) {
            record([note], at: time)
        }
    }

    private func record(_ notes: [EventNote], at time: Date) {
        state.withLock { state in
            for var note in notes {
                note.detail = Self.cut(note.detail)
                state.number += 1
                let entry = Entry(time: time, number: state.number, note: note)
                if case .endpoint = note.subject {
                    state.fleet.add(entry, perSubject: perSubject)
                } else {
                    state.host.add(entry, perSubject: perSubject)
                }
            }
        }
    }

    /// The number of the last event; 0 before the first.
    var last: Int { state.withLock { $0.number } }

    /// The events that are kept, the oldest first.
    ///
    /// - Parameters:
    ///   - selection: Which of them.
    ///   - number: Only those after this one.
    func snapshot(_ selection: Selection = .all, after number: Int = 0) -> [Entry] {
        state.withLock { state in
            [state.host, state.fleet].flatMap { shelf in
                shelf.entries.filter { selection.contains($0.key) }.values.joined()
                    .filter { $0.number > number }
            }
            .sorted { $0.number < $1.number }
        }
    }

    /// The newest events, the oldest of them first.
    func newest(_ count: Int) -> [Entry] {
        // Without sorting all of them: a page asks for a few, often.
        let number = last
        var span = count
        while true {
            let found = snapshot(after: max(0, number - span))
            if found.count >= count || span >= number { return found.suffix(count) }
            span *= 4
        }
    }

    /// How much memory the events take, as it is counted.
    var bytes: Int { state.withLock { $0.host.bytes + $0.fleet.bytes } }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > longestDetail else { return text }
        // A character that is cut in two is replaced, so that this stays text.
        return String(decoding: text.utf8.prefix(longestDetail), as: UTF8.self)
    }
}

extension EventHistory.Entry {
    /// How much memory it takes: itself twice, for an array has room to grow, its texts with what an allocation costs
    /// beside them, and a share of the subject's.
    fileprivate var cost: Int {
        2 * MemoryLayout<Self>.stride + 128 + note.kind.utf8.count + note.detail.utf8.count
    }
}
