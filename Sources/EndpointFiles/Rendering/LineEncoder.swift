import Registry

/// A format in which a service is its endpoints in the order of their instances, one after the other.
protocol LineEncoder: ListEncoder where Block == LineBlock {
    /// Separates two endpoints.
    static var separator: [UInt8] { get }

    /// How the weights of a service's endpoints are written.
    func scale(_ weights: WeightSpread) -> WeightScale

    /// Returns the text before the endpoints of a service.
    ///
    /// - Throws: ``EncodingFault`` when the format cannot carry it; the whole service is left out.
    func opening(_ service: ServiceName, isEmpty: Bool) throws(EncodingFault) -> [UInt8]

    /// Appends an endpoint to a text. The result must depend on the arguments alone.
    ///
    /// - Parameter preferred: Whether it is preferred for its zone; `nil` where no zone is preferred.
    /// - Throws: ``EncodingFault`` when the format cannot carry it; it is left out, and so is what was
    ///   appended.
    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) throws(EncodingFault)

    /// Returns the text after the endpoints of a service.
    func closing(isEmpty: Bool) -> [UInt8]
}

extension LineEncoder {
    static var separator: [UInt8] { [] }
    func scale(_ weights: WeightSpread) -> WeightScale { .unchanged }
    func closing(isEmpty: Bool) -> [UInt8] { [] }

    /// When none of the preferred endpoints can be written in this format, all others are written as if no zone were
    /// preferred: nginx takes no upstream of backups alone, and in a hosts file the name would be gone.
    func block(
        _ service: ServiceEndpoints,
        _ choice: EndpointChoice,
        after before: LineBlock?
    ) -> LineBlock {
        guard let tiers = choice.tiers else {
            return block(service, choice, decided: nil, after: before)
        }
        // Most often it is as it was.
        let before = before.flatMap { $0.tiers == tiers ? $0 : nil }
        var written = choice
        written.tiers = before?.written ?? tiers
        let first = block(service, written, decided: tiers, after: before)
        written.tiers =
            first.runs.contains { $0.preferred > 0 } ? tiers : tiers.withoutDifference
        guard written.tiers != first.written else { return first }
        return block(service, written, decided: tiers, after: nil)
    }

    /// - Parameters:
    ///   - choice: With the tiers that are written.
    ///   - decided: The tiers that were chosen.
    ///   - before: The same service with the same tiers.
    private func block(
        _ service: ServiceEndpoints,
        _ choice: EndpointChoice,
        decided: ZoneTiers?,
        after before: LineBlock?
    ) -> LineBlock {
        var alignment = ChunkAlignment(with: before?.runs.map(\.source) ?? [])
        let matches = service.chunks.map { alignment.next($0) }
        var spread = WeightSpread()
        var matching = 0
        let tallies = zip(service.chunks, matches).map { chunk, match in
            let tally =
                if case .same(let index) = match, let before {
                    before.runs[index].tally
                } else {
                    LineBlock.Tally(of: chunk, choice)
                }
            spread.add(tally.weights)
            matching += tally.matching
            return tally
        }
        var block = LineBlock(
            source: service,
            tiers: decided,
            written: choice.tiers,
            scale: scale(spread)
        )
        let reusable = before.flatMap { $0.scale == block.scale ? $0.runs : nil } ?? []
        block.runs.reserveCapacity(service.chunks.count)
        for (index, chunk) in service.chunks.enumerated() {
            if case .same(let old) = matches[index], !reusable.isEmpty {
                block.runs.append(reusable[old])
            } else {
                let near = if case .near(let place) = matches[index] { place } else { 0 }
                block.runs.append(
                    run(chunk, tallies[index], choice, block, after: reusable.dropFirst(near))
                )
            }
        }
        // A service whose endpoints all drain is still there.
        guard choice.includesEmpty || matching > 0 else { return block }
        join(&block, after: before)
        return block
    }

    /// Puts the pieces of a block together.
    private func join(_ block: inout LineBlock, after before: LineBlock?) {
        let isEmpty = block.runs.allSatisfy(\.text.isEmpty)
        do throws(EncodingFault) {
            var pieces: [[UInt8]] = []
            pieces.reserveCapacity(2 * block.runs.count + 2)
            pieces.append(try opening(block.source.name, isEmpty: isEmpty))
            var isFirst = true
            for run in block.runs where !run.text.isEmpty {
                if !isFirst, !Self.separator.isEmpty { pieces.append(Self.separator) }
                pieces.append(run.text)
                isFirst = false
            }
            pieces.append(closing(isEmpty: isEmpty))
            block.pieces = pieces
            block.rejections = block.runs.flatMap(\.rejections)
        } catch {
            block.rejections = [Rejection(service: block.source.name, instance: nil, fault: error)]
        }
    }

    /// Renders the endpoints of a chunk; copies the text of those that have not changed.
    private func run(
        _ chunk: EndpointChunk,
        _ tally: LineBlock.Tally,
        _ choice: EndpointChoice,
        _ block: LineBlock,
        after before: ArraySlice<LineBlock.Run>
    ) -> LineBlock.Run {
        var run = LineBlock.Run(source: chunk, tally: tally)
        run.ends.reserveCapacity(chunk.endpoints.count)
        if let near = before.first { run.text.reserveCapacity(near.text.count + 1024) }
        var earlier = LineBlock.Reader(before, separator: Self.separator.count)
        for endpoint in chunk.endpoints {
            defer { run.ends.append(run.text.count) }
            guard choice.filter.matches(endpoint), choice.shows(endpoint) else { continue }
            let start = run.text.count
            if start > 0 { run.text += Self.separator }
            let begin = run.text.count
            if let said = earlier.text(of: endpoint) {
                run.text += said
                if block.prefers(endpoint), endpoint.wantsTraffic { run.preferred += 1 }
                continue
            }
            do throws(EncodingFault) {
                try append(
                    endpoint,
                    block.scale,
                    preferred: choice.prefers(endpoint),
                    to: &run.text
                )
                if run.text.count == begin {
                    run.text.removeLast(begin - start)
                } else if block.prefers(endpoint), endpoint.wantsTraffic {
                    run.preferred += 1
                }
            } catch {
                run.text.removeLast(run.text.count - start)
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

/// A service in a format of lines: a text for each chunk of endpoints.
struct LineBlock: RenderedBlock {
    /// Counts of a chunk that are needed before it is rendered.
    struct Tally: Sendable {
        /// How many endpoints match the filter, shown or not.
        var matching = 0
        /// The weights of those that are shown.
        var weights = WeightSpread()

        init(of chunk: EndpointChunk, _ choice: EndpointChoice) {
            for endpoint in chunk.endpoints where choice.filter.matches(endpoint) {
                matching += 1
                if choice.shows(endpoint) { weights.add(endpoint.instance.weight) }
            }
        }
    }

    /// The text of a chunk.
    struct Run: Sendable {
        let source: EndpointChunk
        let tally: Tally
        var text: [UInt8] = []
        /// Where the text of each endpoint ends; that of one without text ends where it would begin.
        var ends: [Int] = []
        /// How many endpoints with a text are preferred and want traffic.
        var preferred = 0
        var rejections: [Rejection] = []
    }

    let source: ServiceEndpoints
    let tiers: ZoneTiers?
    /// The tiers that the text says: those that were chosen, or no difference.
    let written: ZoneTiers?
    let scale: WeightScale
    var runs: [Run] = []
    var pieces: [[UInt8]]?
    var rejections: [Rejection] = []

    /// Whether an endpoint is in the tier that was chosen to be preferred.
    func prefers(_ endpoint: Endpoint) -> Bool { tiers?.prefers(endpoint.instance.zone) ?? false }

    /// Finds the texts of endpoints that were said before, in the order of the list.
    struct Reader {
        private var runs: ArraySlice<Run>
        private let separator: Int
        private var place = 0

        init(_ runs: ArraySlice<Run>, separator: Int) {
            self.runs = runs
            self.separator = separator
        }

        /// The text of an endpoint, if it was said and has not changed since.
        mutating func text(of endpoint: Endpoint) -> ArraySlice<UInt8>? {
            while let run = runs.first {
                guard place < run.ends.count else {
                    runs.removeFirst()
                    place = 0
                    continue
                }
                let known = run.source.endpoints[place]
                if known.isIdentical(to: endpoint) {
                    defer { place += 1 }
                    return text(at: place, of: run)
                }
                // What came before it is gone; the same instance has changed.
                guard known.instance.key.instance < endpoint.instance.key.instance else {
                    if known.instance.key == endpoint.instance.key { place += 1 }
                    return nil
                }
                place += 1
            }
            return nil
        }

        private func text(at place: Int, of run: Run) -> ArraySlice<UInt8>? {
            let before = place > 0 ? run.ends[place - 1] : 0
            let start = before > 0 ? before + separator : 0
            return start < run.ends[place] ? run.text[start..<run.ends[place]] : nil
        }
    }
}
