import NIOCore
import NIOEmbedded
import Testing

@testable import Etcd

@Suite struct ProtocolCheckTests {
    @Test(arguments: [
        // An alert of TLS, to one who speaks none.
        (false, [21, 3, 1, 0, 2] as [UInt8], ProtocolCheck.Mistake?.some(.speaksTLS)),
        // HTTP/2's SETTINGS.
        (false, [0, 0, 6, 4, 0], nil),
        // The handshake of TLS.
        (true, [22, 3, 3, 0, 80], nil),
        // HTTP/1.1 400 Bad Request.
        (true, Array("HTTP/1.1 400".utf8), .speaksNoTLS),
        (true, [0, 0, 6, 4, 0], .speaksNoTLS),
    ])
    func theFirstByteTellsWhatIsSpoken(
        isTLS: Bool,
        bytes: [UInt8],
        mistake: ProtocolCheck.Mistake?
    ) throws {
        var found: [ProtocolCheck.Mistake] = []
        let channel = try channel(isTLS: isTLS) { found.append($0) }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        try channel.writeInbound(ByteBuffer(bytes: [21]))
        #expect(found == (mistake.map { [$0] } ?? []))
        // Nothing is held back.
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(bytes: bytes))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(bytes: [21]))
        _ = try channel.finish()
        #expect(found.count == (mistake == nil ? 0 : 1))
    }

    @Test(arguments: [false, true])
    func aServerThatHangsUpWithoutAWordIsNoticed(isTLS: Bool) throws {
        var found: [ProtocolCheck.Mistake] = []
        let channel = try channel(isTLS: isTLS) { found.append($0) }
        channel.pipeline.fireChannelInactive()
        #expect(found == [.hungUp(onTLS: isTLS)])
    }

    private func channel(
        isTLS: Bool,
        _ found: @escaping (ProtocolCheck.Mistake) -> Void
    ) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ProtocolCheck(isTLS: isTLS, found: found))
        return channel
    }
}
