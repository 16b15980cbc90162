import Registry
import Testing

@testable import EndpointFiles

/// The plain rule: which zones take part, from the counts alone.
@Suite struct ZonePreferenceTests {
    /// One row of the table.
    struct Case: Sendable, CustomTestStringConvertible {
        var zones: [String]
        var spillBelow: SpillThreshold
        /// Usable endpoints by zone; `-` is those without one.
        var counts: [String: Int]
        var reach: ZoneReach
        var isSpilling: Bool

        init(
            _ zones: [String],
            _ spillBelow: SpillThreshold,
            _ counts: [String: Int],
            _ reach: ZoneReach,
            spills isSpilling: Bool
        ) {
            self.zones = zones
            self.spillBelow = spillBelow
            self.counts = counts
            self.reach = reach
            self.isSpilling = isSpilling
        }

        var testDescription: String {
            "\(zones) below \(spillBelow) of \(counts.sorted { $0.key < $1.key })"
        }
    }

    @Test(arguments: [
        // One zone, and somebody is there.
        Case(["a"], .standard, ["a": 1, "b": 9], .zones(1), spills: false),
        // Nobody is there.
        Case(["a"], .standard, ["b": 2, "-": 1], .everywhere, spills: true),
        // Nobody is anywhere: nothing spills.
        Case(["a"], .standard, [:], .everywhere, spills: false),
        // Too few, and nobody else: nothing spills either.
        Case(["a"], .endpoints(3), ["a": 2], .everywhere, spills: false),
        Case(["a"], .endpoints(3), ["a": 2, "b": 1], .everywhere, spills: true),
        Case(["a"], .endpoints(3), ["a": 3, "b": 1], .zones(1), spills: false),
        // Zones in order, until there are enough.
        Case(["a", "b"], .endpoints(3), ["a": 2, "b": 1, "c": 5], .zones(2), spills: true),
        Case(["a", "b"], .endpoints(3), ["b": 3, "c": 5], .zones(2), spills: true),
        Case(["a", "b"], .endpoints(3), ["a": 1, "b": 1, "c": 5], .everywhere, spills: true),
        Case(["a", "b", "c"], .endpoints(3), ["a": 3, "b": 1], .zones(1), spills: false),
        Case(["a", "b", "c"], .endpoints(3), ["a": 2, "c": 1, "d": 1], .zones(3), spills: true),
        // An endpoint without a zone is nobody's choice.
        Case(["a"], .standard, ["-": 1], .everywhere, spills: true),
        // The even share of 12 in 3 zones is 4, half of it 2.
        Case(["a"], .evenShare(percent: 50), ["a": 2, "b": 5, "c": 5], .zones(1), spills: false),
        Case(["a"], .evenShare(percent: 50), ["a": 1, "b": 6, "c": 5], .everywhere, spills: true),
        // Those without a zone are a zone too: 9 in 3.
        Case(["a"], .evenShare(percent: 100), ["a": 3, "b": 3, "-": 3], .zones(1), spills: false),
        Case(["a"], .evenShare(percent: 100), ["a": 2, "b": 4, "-": 3], .everywhere, spills: true),
        // A zone that has none does not count: 4 in 1 and not in 2.
        Case(["a"], .evenShare(percent: 1), ["b": 4], .everywhere, spills: true),
        // What is not whole is rounded up: 30 % of 11/2 is 1.65.
        Case(["a"], .evenShare(percent: 30), ["a": 1, "b": 10], .everywhere, spills: true),
        Case(["a"], .evenShare(percent: 30), ["a": 2, "b": 9], .zones(1), spills: false),
    ])
    func `zones take part in their order until enough are usable`(row: Case) {
        var counts = ZoneCounts()
        for (zone, count) in row.counts {
            for _ in 0..<count { counts.add(zone == "-" ? nil : zone) }
        }
        let preference = ZonePreference(zones: row.zones, spillBelow: row.spillBelow)
        let reach = preference.reach(in: counts)
        #expect(reach == row.reach)
        #expect(preference.isSpilling(counts, within: reach) == row.isSpilling)
    }

    @Test func `a list of zones makes tiers, and what is not in it comes last`() {
        let tiers = ZoneTiers(zones: ["a", "b", "c"], reach: .zones(2))
        #expect(["a", "b", "c", "d", nil].map { tiers.tier(of: $0) } == [0, 0, 1, 2, 2])
        let first = ZoneTiers(zones: ["a", "b", "c"], reach: .zones(1))
        #expect(["a", "b", "c", "d", nil].map { first.tier(of: $0) } == [0, 1, 2, 3, 3])
        #expect([nil, "a", "d"].map { first.withoutDifference.tier(of: $0) } == [0, 0, 0])
    }

    @Test func `usable is what matches, is up and has a weight`() throws {
        let endpoints = [
            try Lists.endpoint("web", "1", zone: "a", tags: ["blue"]),
            try Lists.endpoint("web", "2", zone: "a"),
            try Lists.endpoint("web", "3", weight: 0, zone: "a", tags: ["blue"]),
            try Lists.endpoint("web", "4", zone: "a", tags: ["blue"], state: .draining),
            try Lists.endpoint("web", "5", tags: ["blue"]),
        ]
        var counts = ZoneCounts()
        let chunks = try #require(Lists.update(endpoints).table.services.first).chunks
        for chunk in chunks { counts.add(chunk, matching: EndpointFilter(tags: ["blue"])) }
        #expect(counts["a"] == 1 && counts[nil] == 1 && counts.total == 2 && counts.zones == 2)
        for chunk in chunks { counts.remove(chunk, matching: EndpointFilter(tags: ["blue"])) }
        #expect(counts == ZoneCounts())
    }
}
