import Machines
import Testing

@Suite struct BackoffTests {
    private let policy = Backoff.Policy(base: .milliseconds(200), cap: .seconds(5))

    @Test func delaysDoubleTheirCeilingUpToTheCap() {
        for seed in 0..<200 as Range<UInt64> {
            var backoff = Backoff(policy, generator: SeededGenerator(seed: seed))
            for ceiling in [200, 400, 800, 1600, 3200, 5000, 5000, 5000] {
                let delay = backoff.next()
                #expect(delay >= .zero && delay <= .milliseconds(ceiling), "seed \(seed)")
            }
        }
    }

    @Test func theFirstDelayIsSpreadOverItsWholeCeiling() {
        let first = (0..<1000 as Range<UInt64>).map { seed in
            var backoff = Backoff(policy, generator: SeededGenerator(seed: seed))
            return backoff.next()
        }
        for tenth in 0..<10 {
            let from = Duration.milliseconds(20 * tenth)
            let count = first.count { $0 >= from && $0 < from + .milliseconds(20) }
            #expect((50...150).contains(count), "\(count) of 1000 in tenth \(tenth)")
        }
    }

    @Test func theSameSeedGivesTheSameDelaysAndASuccessStartsAnew() {
        var one = Backoff(policy, generator: SeededGenerator(seed: 1))
        var other = Backoff(policy, generator: SeededGenerator(seed: 1))
        #expect((0..<9).map { _ in one.next() } == (0..<9).map { _ in other.next() })
        one.reset()
        #expect(one.next() <= policy.base)
    }

    @Test func manyFailuresDoNotOverflow() {
        var backoff = Backoff(policy, generator: SeededGenerator(seed: 1))
        for _ in 0..<10_000 { #expect(backoff.next() <= policy.cap) }
    }
}
