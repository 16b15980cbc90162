import Registry

/// A format that sorts the endpoints of a service into groups, or must see all of them at once: a block is
/// made anew when one of them changes, from what was said of the others before.
protocol GroupEncoder: ListEncoder where Block == GroupBlock<Entry> {
    /// An endpoint in this format, ready to be put into the block of its service.
    associatedtype Entry: Sendable

    /// Encodes an endpoint. The result must depend on the endpoint alone.
    ///
    /// - Throws: ``EncodingFault`` when the format cannot carry it; it is left out.
    func entry(_ endpoint: Endpoint) throws(EncodingFault) -> Entry

    /// Encodes a service.
    ///
    /// - Parameters:
    ///   - entries: In the order of the instances; none when the service is empty.
    ///   - tiers: Those of the endpoints; `nil` where no zone is preferred.
    /// - Throws: ``EncodingFault`` when the format cannot carry it; the whole service is left out.
    func text(
        _ service: ServiceName,
        _ entries: [Entry],
        _ tiers: ZoneTiers?
    ) throws(EncodingFault) -> [UInt8]
}

extension GroupEncoder {
    func block(
        _ service: ServiceEndpoints,
        _ choice: EndpointChoice,
        after before: GroupBlock<Entry>?
    ) -> GroupBlock<Entry> {
        // An entry says nothing of its tier, but where only some tiers are shown it may not be there.
        let before = Self.saysTiers || before?.tiers == choice.tiers ? before : nil
        var alignment = ChunkAlignment(with: before?.runs.map(\.source) ?? [])
        var block = GroupBlock<Entry>(source: service, tiers: choice.tiers)
        for chunk in service.chunks {
            if case .same(let index) = alignment.next(chunk), let before {
                block.runs.append(before.runs[index])
            } else {
                block.runs.append(run(chunk, choice))
            }
        }
        // A service whose endpoints all drain is still there.
        guard choice.includesEmpty || block.runs.contains(where: { $0.matching > 0 }) else {
            return block
        }
        do throws(EncodingFault) {
            block.pieces = [try text(service.name, block.runs.flatMap(\.entries), choice.tiers)]
            block.rejections = block.runs.flatMap(\.rejections)
        } catch {
            block.rejections = [Rejection(service: service.name, instance: nil, fault: error)]
        }
        return block
    }

    private func run(_ chunk: EndpointChunk, _ choice: EndpointChoice) -> GroupBlock<Entry>.Run {
        var run = GroupBlock<Entry>.Run(source: chunk)
        for endpoint in chunk.endpoints where choice.filter.matches(endpoint) {
            run.matching += 1
            guard choice.shows(endpoint) else { continue }
            do throws(EncodingFault) {
                run.entries.append(try entry(endpoint))
            } catch {
                run.rejections.append(
                    Rejection(
                        service: endpoint.instance.key.service,
                        instance: endpoint.instance.key.instance,
                        fault: error
                    )
                )
            }
        }
        return run
    }
}

/// A service in a format of groups: what was said of the endpoints of each chunk.
struct GroupBlock<Entry: Sendable>: RenderedBlock {
    /// A chunk.
    struct Run: Sendable {
        let source: EndpointChunk
        /// How many endpoints match the filter, shown or not.
        var matching = 0
        var entries: [Entry] = []
        var rejections: [Rejection] = []
    }

    let source: ServiceEndpoints
    let tiers: ZoneTiers?
    var runs: [Run] = []
    var pieces: [[UInt8]]?
    var rejections: [Rejection] = []
}
