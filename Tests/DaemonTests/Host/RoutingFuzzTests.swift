import Machines
import Registry
import TestKit
import Testing

@testable import Daemon

/// What the kernel never says.
@Suite struct RoutingFuzzTests {
    @Test func whateverTheBytesAreNothingTraps() {
        let header: [UInt8] = [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]
        let way: [UInt8] = [16, 0, 0, 0, 4, 0, 0, 0] + NetlinkAttributes.bytes(5, [10, 0, 0, 2])
        let route =
            header + NetlinkAttributes.bytes(4, [2, 0, 0, 0])
            + NetlinkAttributes.bytes(5, [10, 0, 0, 1]) + NetlinkAttributes.bytes(6, [1, 0, 0, 0])
            + NetlinkAttributes.bytes(9, way + way) + NetlinkAttributes.bytes(7, [10, 0, 0, 5])
        let address =
            [10, 64, 0, 0, 2, 0, 0, 0]
            + NetlinkAttributes.bytes(1, [UInt8](repeating: 9, count: 16))
            + NetlinkAttributes.bytes(8, [0x80, 0, 0, 0])
        let good = message(24, route).bytes + message(20, address).bytes
        var random = SeededGenerator(seed: 2026)
        var read = 0
        for _ in 0..<Fuzzing.inputs {
            var bytes = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = .random(in: 0...255, using: &random)
            }
            let count = Int.random(in: 0...bytes.count, using: &random)
            for message in NetlinkMessage.all(in: bytes[..<count]) {
                if DefaultRoute(message) != nil { read += 1 }
                if InterfaceAddress(message) != nil { read += 1 }
                _ = DefaultRoute.source(in: message)?.text
            }
        }
        #expect(read > 0)
    }

    private func message(_ kind: UInt16, _ body: [UInt8]) -> NetlinkMessage {
        NetlinkMessage(kind: kind, flags: 2, sequence: 1, body: body[...])
    }
}
