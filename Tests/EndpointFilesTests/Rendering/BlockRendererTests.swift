import Machines
import Registry
import Synchronization
import TestKit
import Testing

@testable import EndpointFiles

@Suite struct BlockRendererTests {
    @Test(arguments: ListFormat.samples)
    func aRendererThatFollowsChangesWritesWhatAFreshOneWrites(_ format: ListFormat) throws {
        var generator = SeededGenerator(seed: 23)
        let output = EndpointOutput(
            path: "/list",
            format: format,
            filter: EndpointFilter(tags: ["blue"])
        )
        let follower = output.renderer(prefix: .standard)
        var table: [String: Endpoint] = [:]
        for round in 1...300 {
            let update = try change(&table, 5, 6, round, &generator)
            let fresh = output.renderer(prefix: .standard)
            #expect(follower.render(update) == fresh.render(update), "seed 23, round \(round)")
        }
    }

    /// One of so many endpoints in one of so many services is put, or put anew.
    private func change(
        _ table: inout [String: Endpoint],
        _ services: Int,
        _ ids: Int,
        _ round: Int,
        _ generator: inout SeededGenerator
    ) throws -> TableUpdate {
        let service = "s\(Int.random(in: 0..<services, using: &generator))"
        let id = "i\(Int.random(in: 0..<ids, using: &generator))"
        table[service + id] = try endpoint(service, id, round, &generator)
        return Lists.update(Array(table.values), revision: Revision(rawValue: Int64(round)))
    }

    /// A minute later, when nothing is held any more.
    @Test(arguments: ListFormat.samples)
    func aRendererThatPrefersZonesFollowsChangesToo(_ format: ListFormat) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var output = EndpointOutput(
            path: "/list",
            format: format,
            filter: EndpointFilter(tags: ["blue"])
        )
        output.zones = ZonePreference(zones: ["a", "b"], spillBelow: .endpoints(2))
        let follower = output.renderer(prefix: .standard)
        var table: [String: Endpoint] = [:]
        for round in 1...300 {
            let update = try change(&table, 3, 12, round, &generator)
            let now = Duration.seconds(100 * round)
            _ = follower.render(update, at: now)
            let fresh = output.renderer(prefix: .standard).render(update)
            #expect(
                follower.render(update, at: now + .seconds(60)) == fresh,
                "seed \(seed), round \(round)"
            )
        }
    }

    @Test func aChangeThatAltersNoTierIsEncodedAloneAndOneThatDoesWithItsService() throws {
        let encoder = CountingEncoder()
        var renderer = BlockRenderer(
            encoder,
            prefix: .standard,
            services: nil,
            zones: ZonePreference(zones: ["a"], spillBelow: .endpoints(5000))
        )
        func endpoint(_ number: Int, weight: UInt16 = 100) throws -> Endpoint {
            try Lists.endpoint(
                "s\(number % 2)",
                "i\(number)",
                weight: weight,
                zone: number < 9_500 ? "a" : "b"
            )
        }
        var update = Lists.update(try (0..<20_000).map { try endpoint($0) })
        _ = renderer.render(update)
        #expect(encoder.counts == .init(entries: 20_000, blocks: 2))
        update.table.insert(try endpoint(4321, weight: 7))
        update.table.insert(try endpoint(4322, weight: 0))
        update.table.remove(try endpoint(19_000).instance.key)
        _ = renderer.render(update)
        #expect(encoder.counts == .init(entries: 20_002, blocks: 4))
        // The zone has 4,750 of each service, and is short of 5,000 until 800 more of the one come.
        for number in stride(from: 9_501, to: 11_100, by: 2) {
            var moved = try endpoint(number)
            moved.instance.zone = "a"
            update.table.insert(moved)
        }
        let before = encoder.counts.entries
        _ = renderer.render(update)
        #expect(encoder.counts.entries == before + 10_000)
    }

    @Test(arguments: [1, 200])
    func oneChangedEndpointOfTenThousandIsEncodedAlone(services: Int) throws {
        let encoder = CountingEncoder()
        var renderer = BlockRenderer(encoder, prefix: .standard, services: nil)
        var update = Lists.update(
            try (0..<10_000).map { try Lists.endpoint("s\($0 % services)", "i\($0)") }
        )
        _ = renderer.render(update)
        #expect(encoder.counts == .init(entries: 10_000, blocks: services))
        let changed = try Lists.endpoint("s\(4321 % services)", "i4321", weight: 7)
        update.table.insert(changed)
        let list = renderer.render(update).list
        #expect(encoder.counts == .init(entries: 10_001, blocks: services + 1))
        update.table.remove(changed.instance.key)
        update.table.insert(try Lists.endpoint("s0", "new"))
        _ = renderer.render(update)
        #expect(encoder.counts.entries == 10_002)
        update.revision = update.revision.next
        _ = renderer.render(update)
        #expect(encoder.counts.entries == 10_002)
        // Going back costs what differs, and is the same as before.
        update.table.remove(
            ServiceKey(
                service: try #require(Lists.names("s0").first),
                instance: try #require(InstanceID(read: "new"))
            )
        )
        update.table.insert(changed)
        #expect(renderer.render(update).list.isSameList(as: list))
        #expect(encoder.counts.entries == 10_003)
    }

    @Test(arguments: ListFormat.samples)
    func aNamedServiceIsThereWithoutEndpoints(_ format: ListFormat) throws {
        let expected: [ListFormat: String] = [
            .json: "\"web\":[]\n", .haproxy(): "backend web\n",
            .nginx: "upstream web {\n    server 127.0.0.1:1 down;\n}\n",
            .env: "WEB_ADDRS=\"\"\n",
            .prometheus: #"{"labels":{"__meta_discoveryd_service":"web"},"targets":[]}"#,
            .envoy: #""cluster_name":"web","endpoints":[]}"#,
        ]
        let list = Lists.text(format, [], services: try Lists.names("web"))
        if let expected = expected[format] {
            #expect((list.text + "\n").contains(expected.replacing("[]\n", with: "[]")))
        } else {
            #expect(list.text == "")
        }
    }

    @Test(arguments: ListFormat.samples)
    func whatDrainsIsShownWhereThatCanBeSaid(_ format: ListFormat) throws {
        let endpoints = [
            try Lists.endpoint("web", "1"),
            try Lists.endpoint("web", "2", address: "10.0.0.6", state: .draining),
            try Lists.endpoint("web", "3", address: "10.0.0.7", weight: 0),
        ]
        let says = ![.hosts(domain: .standard), .env, .lines].contains(format)
        let text = Lists.text(format, endpoints).text
        #expect(text.contains("10.0.0.6") == says && text.contains("10.0.0.7") == says)
        let all = Lists.text(format, endpoints, includeDraining: true).text
        #expect(all.contains("10.0.0.6") && all.contains("10.0.0.7"))
        #expect((all == text) == says)
    }

    @Test func aServiceThatDrainsAltogetherIsEmptyAndNotGone() throws {
        let endpoint = try Lists.endpoint("web", "1", state: .draining)
        #expect(Lists.text(.env, [endpoint]).text == "WEB_ADDRS=\"\"\n")
    }

    @Test func theFilterChoosesByZoneAndByAllTags() throws {
        let endpoints = [
            try Lists.endpoint("web", "1", zone: "a", tags: ["blue", "new"]),
            try Lists.endpoint("web", "2", address: "10.0.0.6", zone: "b", tags: ["blue", "new"]),
            try Lists.endpoint("web", "3", address: "10.0.0.7", zone: "a", tags: ["blue"]),
            try Lists.endpoint("db", "1", address: "10.0.0.8"),
        ]
        func addresses(_ filter: EndpointFilter) -> String {
            Lists.text(.lines, endpoints, filter: filter).text
        }
        #expect(
            addresses(EndpointFilter(zone: "a", tags: ["new", "blue"])) == "web 10.0.0.5:8080\n"
        )
        #expect(addresses(EndpointFilter(zone: "b")) == "web 10.0.0.6:8080\n")
        #expect(addresses(EndpointFilter(tags: ["blue"])).split(separator: "\n").count == 3)
        #expect(addresses(EndpointFilter(zone: "c")).isEmpty)
        #expect(addresses(EndpointFilter()).split(separator: "\n").count == 4)
    }

    @Test func theHeaderSaysTheRevisionAndIsNoDifference() throws {
        let endpoint = try Lists.endpoint("web", "1")
        for format in ListFormat.samples where format.hasComments {
            let output = EndpointOutput(path: "/list", format: format, header: true)
            let renderer = output.renderer(prefix: .standard)
            let list = renderer.render(Lists.update([endpoint], revision: 42)).list
            let text = String(decoding: list.bytes, as: UTF8.self)
            let header = "# discoveryd: services/ of cluster cdf818194e3a8c32, revision 42\n"
            #expect(text == header + Lists.text(format, [endpoint]).text)
            let later = renderer.render(Lists.update([endpoint], revision: 43)).list
            #expect(later.bytes != list.bytes && later.isSameList(as: list.bytes))
        }
    }

    private func endpoint(
        _ service: String,
        _ id: String,
        _ round: Int,
        _ generator: inout SeededGenerator
    ) throws -> Endpoint? {
        guard Int.random(in: 0..<4, using: &generator) > 0 else { return nil }
        return try Lists.endpoint(
            service,
            id,
            address: ["10.0.0.5", "host.example", "0.0.0.0"].randomElement(using: &generator)
                ?? "::1",
            weight: [0, 1, 100, 150, 9000].randomElement(using: &generator) ?? 1,
            zone: [nil, "a", "b"].randomElement(using: &generator) ?? nil,
            tags: [[], ["blue"], ["blue", "a,b"]].randomElement(using: &generator) ?? [],
            state: [.up, .draining].randomElement(using: &generator) ?? .up,
            revision: Revision(rawValue: Int64(round))
        )
    }
}

/// Counts what it is asked to encode.
private final class CountingEncoder: LineEncoder {
    struct Counts: Equatable {
        var entries = 0
        var blocks = 0
    }

    static let saysDraining = true
    static let saysTiers = true
    private let asked = Mutex(Counts())

    var counts: Counts { asked.withLock { $0 } }

    func opening(_ service: ServiceName, isEmpty: Bool) -> [UInt8] {
        asked.withLock { $0.blocks += 1 }
        return []
    }

    func append(
        _ endpoint: Endpoint,
        _ weights: WeightScale,
        preferred: Bool?,
        to text: inout [UInt8]
    ) {
        asked.withLock { $0.entries += 1 }
        text += "\(endpoint.instance.key)\n".utf8
    }

    func frame(_ origin: ListOrigin) -> ListFrame { ListFrame() }
}
