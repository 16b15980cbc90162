import Testing

@testable import EndpointFiles

@Suite struct WeightScaleTests {
    @Test func weightsThatFitStayAsTheyAre() {
        let scale = WeightScale.atMost(256, spread(0, 1, 100, 256))
        #expect([0, 1, 100, 256].map { scale($0) } == [0, 1, 100, 256])
    }

    @Test func largerWeightsAreScaledDownTogether() {
        let scale = WeightScale.atMost(256, spread(65535, 32768, 1, 0))
        #expect([65535, 32768, 1, 0].map { scale($0) } == [256, 128, 1, 0])
    }

    @Test func equalWeightsBecomeOne() {
        let scale = WeightScale.smallest(spread(100, 100, 0))
        #expect([100, 0].map { scale($0) } == [1, 0])
        let ratio = WeightScale.smallest(spread(100, 150))
        #expect([100, 150].map { ratio($0) } == [2, 3])
        #expect(WeightScale.smallest(WeightSpread()) == .unchanged)
        #expect(WeightScale.smallest(spread(0, 0))(0) == 0)
    }

    @Test func theScaleOfPartsIsThatOfTheWhole() {
        var whole = spread(300, 450)
        whole.add(spread(75, 600))
        #expect(whole == spread(300, 450, 75, 600))
    }

    private func spread(_ weights: UInt16...) -> WeightSpread {
        var spread = WeightSpread()
        for weight in weights { spread.add(weight) }
        return spread
    }
}
