import Registry

/// Chooses the tiers of each service of one output, again and again as the list changes.
///
/// Cost follows the change: of a service that changed, the endpoints in the chunks that came and went are counted.
/// There is one state a service of the list, and it goes with the service.
struct ZoneChoices: Sendable {
    private struct Service: Sendable {
        /// The version that was counted last.
        var source: ServiceEndpoints?
        var counts = ZoneCounts()
        var damper = SpillDamper()
        var reach = ZoneReach.everywhere
    }

    private let preference: ZonePreference
    private let filter: EndpointFilter
    private var services: [ServiceName: Service] = [:]

    /// No choices yet.
    init(_ preference: ZonePreference, filter: EndpointFilter) {
        self.preference = preference
        self.filter = filter
    }

    /// The tiers of a service as the list has it now.
    mutating func tiers(of service: ServiceEndpoints, at now: Duration) -> ZoneTiers {
        var known = services[service.name] ?? Service()
        let isDue = known.damper.deadline.map { $0 <= now } ?? false
        if isDue || !(known.source?.isIdentical(to: service) ?? false) {
            count(service, in: &known)
            known.reach = known.damper.counted(known.counts, for: preference, at: now)
            services[service.name] = known
        }
        return ZoneTiers(zones: preference.zones, reach: known.reach)
    }

    private func count(_ service: ServiceEndpoints, in known: inout Service) {
        let before = known.source?.chunks ?? []
        var alignment = ChunkAlignment(with: before)
        var isGone = [Bool](repeating: true, count: before.count)
        for chunk in service.chunks {
            if case .same(let index) = alignment.next(chunk) {
                isGone[index] = false
            } else {
                known.counts.add(chunk, matching: filter)
            }
        }
        for (chunk, isGone) in zip(before, isGone) where isGone {
            known.counts.remove(chunk, matching: filter)
        }
        known.source = service
    }

    /// Forgets the services that are not among these; all of these have been chosen for.
    mutating func keep(_ list: [ServiceEndpoints]) {
        guard services.count != list.count else { return }
        let names = Set(list.map(\.name))
        services = services.filter { names.contains($0.key) }
    }

    /// The services whose traffic leaves the most preferred zone, in byte order.
    var spilling: [ServiceName] {
        services.filter { preference.isSpilling($0.value.counts, within: $0.value.reach) }.keys
            .sorted()
    }

    /// When one of the choices changes although the list does not.
    var deadline: Duration? { services.values.compactMap(\.damper.deadline).min() }
}
