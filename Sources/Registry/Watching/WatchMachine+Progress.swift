// How sure one is that the stream still tells all: it is asked for progress, and where nobody answers that,
// the store is asked for a count.
extension WatchMachine {
    /// A count of the keys is here, read after it was asked for, over the connection of the stream.
    ///
    /// Where progress is answered it shows only that reads are, too. Where not, it is the proof that the
    /// list follows the store, or the reason to compare.
    public mutating func countArrived(
        _ count: KeyCount,
        on stream: Int,
        at now: Duration
    ) -> [Action] {
        guard case .watching(var current) = state, current.id == stream else { return [] }
        guard progress.isAbsent else {
            current.isReadAnswered = true
            state = .watching(current)
            return []
        }
        // The read was linearizable: a list tells what became of the store.
        guard count.clusterID == clusterID, count.revision >= current.askedAt else {
            return listAgain()
        }
        current.unanswered = 0
        current.due = now + settings.patience
        state = .watching(current)
        let known = max(revision, audit.since)
        if count.count != reader.keyCount || count.revision > known { audit.suspected(at: now) }
        return []
    }

    /// Nothing was heard for as long as one is patient.
    mutating func waitedInVain(for stream: Stream, at now: Duration) -> [Action] {
        var stream = stream
        guard stream.unanswered >= 2 else {
            if stream.unanswered == 0 { stream.askedAt = revision }
            let questions = questions(on: &stream)
            stream.unanswered += 1
            stream.due = now + settings.patience
            state = .watching(stream)
            return questions
        }
        let isMemberThere = stream.isOpen && !stream.hasAnswered && stream.isReadAnswered
        guard !progress.isAbsent, isMemberThere else {
            return [.closeWatch(stream: stream.id)]
                + streamLost("the watch does not answer", now)
        }
        progress.watchKeptSilent()
        // The list is as good as it was: whoever answered the read has seen no reason to doubt it.
        guard progress.isAbsent else { return listAgain() }
        stream.unanswered = 0
        return [.report(.progressUnanswered)] + waitedInVain(for: stream, at: now)
    }

    private func questions(on stream: inout Stream) -> [Action] {
        let ask = Action.askProgress(stream: stream.id)
        let count = Action.count(stream: stream.id, connection: stream.connection)
        // Not only when the stream is given up: to find out takes a while, too.
        let isSuspicious = stream.unanswered == 1
        if progress.isAbsent { return (isSuspicious ? [.suspectConnection] : []) + [count, ask] }
        if stream.unanswered == 0 {
            stream.isReadAnswered = false
            return stream.hasAnswered ? [ask] : [ask, count]
        }
        return (isSuspicious && !stream.isReadAnswered ? [.suspectConnection] : []) + [ask]
    }
}
