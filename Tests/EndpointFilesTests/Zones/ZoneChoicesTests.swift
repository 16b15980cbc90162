import Machines
import Registry
import Testing

@testable import EndpointFiles

/// The tiers of many services, from one version of the list to the next.
@Suite struct ZoneChoicesTests {
    private let preference = ZonePreference(zones: ["a"], spillBelow: .evenShare(percent: 50))

    @Test func `what follows changes counts as what begins anew`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var choices = ZoneChoices(preference, filter: EndpointFilter(tags: ["blue"]))
        var table = EndpointTable()
        for round in 0..<400 {
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let endpoint = try endpoint(&generator)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    table.remove(endpoint.instance.key)
                } else {
                    table.insert(endpoint)
                }
            }
            // Far apart in time: what was chosen before is not held.
            let now = Duration.seconds(100 * round)
            for service in table.services { _ = choices.tiers(of: service, at: now) }
            choices.keep(table.services)
            let later = now + .seconds(60)
            var fresh = ZoneChoices(preference, filter: EndpointFilter(tags: ["blue"]))
            for service in table.services {
                #expect(
                    choices.tiers(of: service, at: later) == fresh.tiers(of: service, at: later),
                    "seed \(seed), round \(round)"
                )
            }
            #expect(choices.spilling == fresh.spilling, "seed \(seed), round \(round)")
            #expect(choices.deadline == nil, "seed \(seed), round \(round)")
        }
    }

    @Test func `a service that goes takes its state with it`() throws {
        var choices = ZoneChoices(ZonePreference(zones: ["a"]), filter: EndpointFilter())
        let spilled = Lists.update([try Lists.endpoint("web", "1", zone: "b")]).table.services
        let back = Lists.update([
            try Lists.endpoint("web", "1", zone: "b"), try Lists.endpoint("web", "2", zone: "a"),
        ]).table.services
        let service = try #require(back.first)
        _ = choices.tiers(of: try #require(spilled.first), at: .zero)
        #expect(choices.spilling.map(\.text) == ["web"])
        #expect(choices.tiers(of: service, at: .seconds(1)).reach == .everywhere)
        #expect(choices.deadline == .seconds(61))
        choices.keep([])
        #expect(choices.spilling.isEmpty && choices.deadline == nil)
        #expect(choices.tiers(of: service, at: .seconds(2)).reach == .zones(1))
    }

    private func endpoint(_ generator: inout SeededGenerator) throws -> Endpoint {
        try Lists.endpoint(
            "s\(Int.random(in: 0..<3, using: &generator))",
            "i\(Int.random(in: 0..<600, using: &generator))",
            weight: [0, 1, 100].randomElement(using: &generator) ?? 1,
            zone: [nil, "a", "b", "c"].randomElement(using: &generator) ?? nil,
            tags: [[], ["blue"]].randomElement(using: &generator) ?? [],
            state: [.up, .up, .draining].randomElement(using: &generator) ?? .up,
            revision: Revision(rawValue: .random(in: 1...1_000_000, using: &generator))
        )
    }
}
