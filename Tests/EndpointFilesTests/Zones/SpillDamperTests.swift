import Machines
import Registry
import Testing

@testable import EndpointFiles

/// When the plain rule decides at once, and when the choice before stands for a while.
@Suite struct SpillDamperTests {
    private func counts(_ usable: [String: Int]) -> ZoneCounts {
        var counts = ZoneCounts()
        for (zone, count) in usable { for _ in 0..<count { counts.add(zone) } }
        return counts
    }

    @Test func `the first choice is that of the plain rule`() {
        var damper = SpillDamper()
        let preference = ZonePreference(zones: ["a"], spillBelow: .endpoints(20))
        let reach = damper.counted(counts(["a": 19, "b": 9]), for: preference, at: .seconds(7))
        #expect(reach == .everywhere && damper.deadline == nil)
    }

    @Test func `traffic leaves an empty zone at once, and one endpoint brings it back in a minute`()
    {
        var damper = SpillDamper()
        let preference = ZonePreference(zones: ["a"])
        func counted(_ usable: [String: Int], at now: Duration) -> ZoneReach {
            damper.counted(counts(usable), for: preference, at: now)
        }
        #expect(counted(["a": 1, "b": 1], at: .zero) == .zones(1))
        #expect(counted(["b": 1], at: .seconds(1)) == .everywhere)
        #expect(counted(["a": 1, "b": 1], at: .seconds(10)) == .everywhere)
        #expect(damper.deadline == .seconds(70))
        // Others that come and go change nothing.
        #expect(counted(["a": 1, "b": 5], at: .seconds(40)) == .everywhere)
        #expect(counted(["a": 1, "b": 5], at: .milliseconds(69_999)) == .everywhere)
        #expect(counted(["a": 1, "b": 5], at: .seconds(70)) == .zones(1))
        #expect(damper.deadline == nil)
    }

    @Test func `three endpoints bring it back at once`() {
        var damper = SpillDamper()
        let preference = ZonePreference(zones: ["a"])
        _ = damper.counted(counts(["b": 1]), for: preference, at: .zero)
        #expect(damper.counted(counts(["a": 3, "b": 1]), for: preference, at: .zero) == .zones(1))
    }

    /// A crash loop: which of two hosts started when must not decide for hours.
    @Test
    func `hosts with different pasts agree for half of the time, however often the count changes`()
    {
        let preference = ZonePreference(zones: ["a"], spillBelow: .endpoints(20))
        var (early, late) = (SpillDamper(), SpillDamper())
        _ = early.counted(counts(["a": 20, "b": 9]), for: preference, at: .zero)
        var apart = 0
        for second in 1...1200 {
            let usable = (second / 7).isMultiple(of: 2) ? 20 : 19
            let (list, now) = (counts(["a": usable, "b": 9]), Duration.seconds(second))
            let first = early.counted(list, for: preference, at: now)
            guard second > 10 else { continue }
            if first != late.counted(list, for: preference, at: now) { apart += 1 }
        }
        #expect(apart < 650, "\(apart) of 1200 s")
    }

    @Test func `a zone elsewhere that comes and goes moves no traffic at once`() {
        var damper = SpillDamper()
        let preference = ZonePreference(zones: ["a"], spillBelow: .evenShare(percent: 50))
        func counted(_ c: Int, at now: Duration) -> ZoneReach {
            damper.counted(counts(["a": 8, "b": 32, "c": c]), for: preference, at: now)
        }
        #expect(counted(1, at: .zero) == .zones(1))
        #expect(counted(0, at: .seconds(1)) == .zones(1))
        #expect(counted(1, at: .seconds(2)) == .zones(1))
        #expect(counted(0, at: .seconds(3)) == .zones(1))
        #expect(counted(0, at: .seconds(61)) == .everywhere)
    }

    @Test func `a tenth about a large threshold is near it`() {
        let preference = ZonePreference(zones: ["a"], spillBelow: .endpoints(20))
        for (usable, reach): (Int, ZoneReach) in [
            (20, .zones(1)), (19, .zones(1)), (18, .zones(1)), (17, .everywhere),
        ] {
            var damper = SpillDamper()
            _ = damper.counted(counts(["a": 30, "b": 9]), for: preference, at: .zero)
            let choice = damper.counted(counts(["a": usable, "b": 9]), for: preference, at: .zero)
            #expect(choice == reach, "\(usable)")
        }
        for (usable, reach): (Int, ZoneReach) in [
            (19, .everywhere), (20, .everywhere), (22, .everywhere), (23, .zones(1)),
        ] {
            var damper = SpillDamper()
            _ = damper.counted(counts(["a": 1, "b": 9]), for: preference, at: .zero)
            let choice = damper.counted(counts(["a": usable, "b": 9]), for: preference, at: .zero)
            #expect(choice == reach, "\(usable)")
        }
    }

    @Test
    func `what is held gives way when the plain rule comes to it, and a minute is a minute`() {
        var damper = SpillDamper()
        let preference = ZonePreference(zones: ["a"], spillBelow: .endpoints(20))
        func counted(_ usable: Int, at now: Duration) -> ZoneReach {
            damper.counted(counts(["a": usable, "b": 9]), for: preference, at: now)
        }
        #expect(counted(25, at: .zero) == .zones(1) && damper.deadline == nil)
        #expect(counted(19, at: .seconds(5)) == .zones(1) && damper.deadline == .seconds(65))
        #expect(counted(20, at: .seconds(30)) == .zones(1) && damper.deadline == nil)
        #expect(counted(19, at: .seconds(50)) == .zones(1) && damper.deadline == .seconds(65))
        #expect(counted(17, at: .seconds(60)) == .everywhere && damper.deadline == nil)
        // The next minute is the plain rule's.
        #expect(counted(20, at: .seconds(66)) == .zones(1) && damper.deadline == nil)
        #expect(counted(19, at: .seconds(70)) == .everywhere && damper.deadline == nil)
        #expect(counted(20, at: .seconds(130)) == .everywhere && damper.deadline == .seconds(190))
    }

    /// The plain rule may change its mind meanwhile: the minute goes on.
    @Test func `a choice between three is held for a minute in all`() {
        var damper = SpillDamper()
        let preference = ZonePreference(zones: ["a", "b"], spillBelow: .endpoints(10))
        func counted(_ a: Int, _ b: Int, at now: Duration) -> ZoneReach {
            damper.counted(counts(["a": a, "b": b, "c": 50]), for: preference, at: now)
        }
        #expect(counted(10, 10, at: .zero) == .zones(1))
        #expect(counted(9, 10, at: .seconds(1)) == .zones(1))
        #expect(counted(9, 0, at: .seconds(31)) == .zones(1))
        #expect(damper.deadline == .seconds(61))
        #expect(counted(9, 0, at: .seconds(61)) == .everywhere)
    }

    @Test func `whatever happened before, a minute later the plain rule has decided`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2_000 {
            var damper = SpillDamper()
            let threshold: SpillThreshold =
                Bool.random(using: &generator)
                ? .endpoints(Int.random(in: 1...30, using: &generator))
                : .evenShare(percent: Int.random(in: 1...100, using: &generator))
            let preference = ZonePreference(zones: ["a", "b"], spillBelow: threshold)
            var now = Duration.zero
            var last = ZoneCounts()
            for _ in 0..<20 {
                now += .seconds(Int.random(in: 0...40, using: &generator))
                var usable: [String: Int] = [:]
                for zone in ["a", "b", "c"] {
                    usable[zone] = Int.random(in: 0...25, using: &generator)
                }
                last = counts(usable)
                let choice = damper.counted(last, for: preference, at: now)
                // Whoever is shown alone is somebody.
                let isThere = preference.usable(last, within: choice) > 0 || last.total == 0
                let isShort = damper.deadline.map { $0 > now && $0 <= now + .seconds(60) } ?? true
                let isPlain = choice == preference.reach(in: last)
                #expect(isThere && isShort, "seed \(seed), round \(round)")
                #expect(isPlain == (damper.deadline == nil), "seed \(seed), round \(round)")
            }
            now += .seconds(60)
            let settled = damper.counted(last, for: preference, at: now)
            #expect(settled == preference.reach(in: last), "seed \(seed), round \(round)")
        }
    }
}
