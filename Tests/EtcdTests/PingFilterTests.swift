import NIOCore
import NIOEmbedded
import Testing

@testable import Etcd

@Suite struct PingFilterTests {
    private let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    private let acknowledgement: [UInt8] = [0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    private let settings: [UInt8] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]

    @Test func aPingIsAnsweredWithItsOwnPayloadAndGoesNoFurther() throws {
        let (passed, answered) = try filter([ping])
        #expect(passed.isEmpty)
        #expect(answered == acknowledgement)
    }

    @Test func theServersAnswerToOurOwnPingPasses() throws {
        let (passed, answered) = try filter([acknowledgement])
        #expect(passed == acknowledgement)
        #expect(answered.isEmpty)
    }

    @Test func framesAroundPingsPassInOrder() throws {
        let data: [UInt8] = [0, 0, 3, 0, 0, 0, 0, 0, 1, 9, 9, 9]
        let (passed, answered) = try filter([settings + ping + data + ping + settings])
        #expect(passed == settings + data + settings)
        #expect(answered == acknowledgement + acknowledgement)
    }

    @Test func aPayloadThatLooksLikeAPingPasses() throws {
        let data: [UInt8] = [0, 0, 17, 0, 0, 0, 0, 0, 1] + ping
        let (passed, answered) = try filter([data])
        #expect(passed == data)
        #expect(answered.isEmpty)
    }

    @Test func framesCutAtEveryByteArriveWhole() throws {
        let stream = settings + ping + settings + ping
        for cut in 1..<stream.count {
            let (passed, answered) = try filter([Array(stream[..<cut]), Array(stream[cut...])])
            #expect(passed == settings + settings, "cut at \(cut)")
            #expect(answered == acknowledgement + acknowledgement, "cut at \(cut)")
        }
        let (passed, answered) = try filter(stream.map { [$0] })
        #expect(passed == settings + settings)
        #expect(answered == acknowledgement + acknowledgement)
    }

    private func filter(_ reads: [[UInt8]]) throws -> (passed: [UInt8], answered: [UInt8]) {
        let channel = EmbeddedChannel(handler: PingFilter())
        for read in reads { try channel.writeInbound(ByteBuffer(bytes: read)) }
        var (passed, answered): ([UInt8], [UInt8]) = ([], [])
        while let buffer = try channel.readInbound(as: ByteBuffer.self) {
            passed += Array(buffer.readableBytesView)
        }
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            answered += Array(buffer.readableBytesView)
        }
        return (passed, answered)
    }
}
