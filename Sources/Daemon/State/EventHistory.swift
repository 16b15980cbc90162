import FoundationEssentials
import Registry
import Synchronization

/// Keeps the last events in memory, so that what led to a state can be shown later.
///
/// Bounded twice: a subject (a service's instance, an output file, a consumer, the list, …) keeps so many events, so
/// that one that is in trouble again and again pushes out nobody else's; and all together take so many bytes.
final class EventHistory: Sendable {
    /// One event.
    struct Entry: Hashable, Sendable {
        /// When it happened, by the wall clock.
        var time: Date
        /// The order of events, also of those with the same time.
        var number: Int
        /// What it is about.
        var subject: Subject
        /// What happened, as one word: `registered`, `lost`, `check_failed`.
        var kind: String
        /// What is to be said of it beside that; empty where there is nothing.
        var detail: String
    }

    /// What an event is about.
    enum Subject: Hashable, Sendable {
        case instance(ServiceKey)
        case output(String)
        case consumer(String)
        case drain(String)
        case lease
        case list
        case connection
        case configuration
        case daemon
    }

    private struct State {
        var entries: [Subject: [Entry]] = [:]
        var number = 0
        var bytes = 0
    }

    /// The most bytes of a detail that are kept; a peer may have written it.
    static let longestDetail = 512

    private let perSubject: Int
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - perSubject: How many events of one subject are kept.
    ///   - bytes: How much memory all of them may take.
    init(perSubject: Int = 32, bytes: Int = 2 << 20) {
        self.perSubject = perSubject
        limit = bytes
    }

    /// Notes an event, if it is one to be remembered.
    func record(_ event: DaemonEvent, at time: Date) {
        guard let note = EventNote(event) else { return }
        record(note, at: time)
    }

    func record(_ note: EventNote, at time: Date) {
        state.withLock { state in
            state.number += 1
            let entry = Entry(
                time: time,
                number: state.number,
                subject: note.subject,
                kind: note.kind,
                detail: Self.cut(note.detail)
            )
            var known = state.entries[note.subject] ?? []
            if note.isProgress, known.last?.kind == note.kind, let last = known.popLast() {
                state.bytes -= last.cost
            } else if known.count >= perSubject {
                state.bytes -= known.removeFirst().cost
            }
            known.append(entry)
            state.bytes += entry.cost
            state.entries[note.subject] = known
            if state.bytes > limit { dropOldest(&state) }
        }
    }

    /// The events that are kept, the oldest first.
    ///
    /// - Parameters:
    ///   - service: Only those of its instances.
    ///   - number: Only those after this one.
    func snapshot(of service: ServiceName? = nil, after number: Int = 0) -> [Entry] {
        state.withLock { state in
            let kept = state.entries.filter { subject, _ in
                guard let service else { return true }
                if case .instance(let key) = subject { return key.service == service }
                return false
            }
            return kept.values.joined().filter { $0.number > number }
                .sorted { $0.number < $1.number }
        }
    }

    /// How much memory the events take, as it is counted.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Drops the oldest quarter: rarely, so that a flood pays little for it.
    private func dropOldest(_ state: inout State) {
        let all = state.entries.values.joined().sorted { $0.number > $1.number }
        var (kept, first) = (0, Int.max)
        for entry in all {
            kept += entry.cost
            guard kept <= limit / 4 * 3 else { break }
            first = entry.number
        }
        state.entries = state.entries.compactMapValues { entries in
            let left = entries.filter { $0.number >= first }
            return left.isEmpty ? nil : left
        }
        state.bytes = state.entries.values.joined().reduce(0) { $0 + $1.cost }
    }

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
        2 * MemoryLayout<Self>.stride + 128 + kind.utf8.count + detail.utf8.count
    }
}
