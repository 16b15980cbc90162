import Machines

// The whole state of the store: when it is read, of which services, and what follows when it is here.
extension WatchMachine {
    /// Other services are wanted.
    public mutating func selectionChanged(to selection: ServiceSelection) -> [Action] {
        let (dropped, needsList) = reader.select(selection)
        let news: [Action] = dropped.isEmpty ? [] : [.publish(isReadAnew: false)]
        guard needsList else { return news }
        // Pages that were read already left them out.
        if case .listing = state { isListTooSmall = true }
        return news + listAgain()
    }

    /// More or less is to be kept.
    public mutating func limitsChanged(to limits: ListLimits, at now: Duration) -> [Action] {
        reader.limits = limits
        var reading = EndpointTableReader.Reading()
        reader.keepWithinLimits(&reading)
        let news: [Action] = reading.changed.isEmpty ? [] : [.publish(isReadAnew: false)]
        return reading.reports.map(Action.report) + news
            + (reader.fitsOtherwise ? listAgain() : [])
    }

    /// The driver runs.
    public mutating func started() -> [Action] {
        guard case .idle = state else { return [] }
        return beginList()
    }

    /// A page of the whole state is here.
    public mutating func pageArrived(
        _ records: [StoredRecord],
        isFirst: Bool,
        at now: Duration
    ) -> [Action] {
        guard case .listing = state else { return [] }
        reader.read(records, at: now)
        return [.tell(.page(records, isFirst: isFirst))]
    }

    /// All pages of the whole state have come.
    public mutating func listEnded(_ snapshot: ListedState, at now: Duration) -> [Action] {
        guard case .listing = state else { return [] }
        if isListTooSmall { return beginList() }
        // Other services fit than were read: once more, now that it is known which.
        guard let reading = reader.listingEnded(at: snapshot.revision) else { return [list] }
        // The read was linearizable: an older revision than ours is no lagging member.
        let isOther = clusterID.map { $0 != snapshot.clusterID } ?? false
        let isRestored = isOther || snapshot.revision < revision
        var actions: [Action] = []
        if isRestored {
            actions.append(
                .report(
                    .restored(from: revision, to: snapshot.revision, isOtherCluster: isOther)
                )
            )
        }
        clusterID = snapshot.clusterID
        revision = snapshot.revision
        termHeard(snapshot.raftTerm, at: now)
        audit.listed(snapshot.revision, at: now)
        let back = guarding.held.keys.filter { reader.isKnown($0) }
        let losses = guardLosses(reading.lost, heard: back, at: now).reports
        hasReportedOutOfSync = false
        streams += 1
        progress.opened(over: snapshot.mark.connection)
        state = .watching(
            Stream(
                id: streams,
                connection: snapshot.mark.connection,
                opened: now,
                due: now + settings.patience
            )
        )
        nextSizeReview = now + settings.sizeReview
        actions += (badRecords.limited(reading.reports, at: now) + losses).map(Action.report)
        actions += [
            .tell(.listed(at: snapshot.revision, isRestored: isRestored))
        ]
        actions += changed(reading)
        actions += [
            .publish(isReadAnew: true),
            .report(
                .synced(
                    revision: revision,
                    services: table.serviceCount,
                    endpoints: table.endpointCount,
                    bad: reader.badCount,
                    foreign: reader.foreignCount
                )
            ),
            .openWatch(stream: streams, after: snapshot.mark),
        ]
        return actions
    }

    /// The snapshot could not be had.
    public mutating func snapshotFailed(_ error: StoreError, at now: Duration) -> [Action] {
        guard case .listing = state else { return [] }
        guarding.faultSuspected(at: now)
        let delay = backoff.next()
        state = .waiting(until: now + delay)
        return outOfSync(error.message) + [.report(.snapshotFailed(error, retryIn: delay))]
    }

    // MARK: when to read it

    /// The present stream is given up for a list; until that is there the table is as good as before.
    mutating func listAgain() -> [Action] {
        guard case .watching(let stream) = state else { return [] }
        return [.closeWatch(stream: stream.id)] + beginList()
    }

    mutating func beginList() -> [Action] {
        state = .listing
        isListTooSmall = false
        reader.listingBegan()
        return [list]
    }

    private var list: Action { .list(isUrgent: clusterID == nil && !settings.hasEarlierList) }
}
