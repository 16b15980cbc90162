import Registry
import Testing

@testable import EndpointFiles

@Suite struct WeightScaleTests {
    @Test func weightsThatFitStayAsTheyAre() throws {
        let scale = WeightScale.atMost(256, try endpoints(0, 1, 100, 256))
        #expect([0, 1, 100, 256].map { scale($0) } == [0, 1, 100, 256])
    }

    @Test func largerWeightsAreScaledDownTogether() throws {
        let scale = WeightScale.atMost(256, try endpoints(65535, 32768, 1, 0))
        #expect([65535, 32768, 1, 0].map { scale($0) } == [256, 128, 1, 0])
    }

    @Test func equalWeightsBecomeOne() throws {
        let scale = WeightScale.smallest(try endpoints(100, 100, 0))
        #expect([100, 0].map { scale($0) } == [1, 0])
        let ratio = WeightScale.smallest(try endpoints(100, 150))
        #expect([100, 150].map { ratio($0) } == [2, 3])
        #expect(WeightScale.smallest([]) == .unchanged)
        #expect(WeightScale.smallest(try endpoints(0, 0))(0) == 0)
    }

    private func endpoints(_ weights: UInt16...) throws -> [Endpoint] {
        try weights.enumerated().map {
            try Lists.endpoint("web", "\($0.offset)", weight: $0.element)
        }
    }
}
