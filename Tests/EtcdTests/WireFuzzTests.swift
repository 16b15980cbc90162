import EtcdAPI
import GRPCCore
import Machines
import SwiftProtobuf
import TestKit
import Testing

@testable import Etcd

/// What is read by hand is what the generated messages say, whatever the bytes are.
@Suite struct WireFuzzTests {
    private static let seed: UInt64 = 2026

    @Test func rangeAnswersAreReadAsTheGeneratedMessagesReadThem() throws {
        try compare(
            { Self.rangeResponse(&$0) },
            read: { GetResponse($0) },
            isSame: { $0 == $1 }
        )
    }

    @Test func watchAnswersAreReadAsTheGeneratedMessagesReadThem() throws {
        try compare(
            { Self.watchResponse(&$0) },
            read: { (message: Etcdserverpb_WatchResponse) in
                EtcdClient.WatchMessage(
                    response: WatchResponse(
                        header: ResponseHeader(message.header),
                        events: message.events.map { event in
                            WatchEvent(
                                kind: event.type == .delete ? .delete : .put,
                                keyValue: KeyValue(event.kv),
                                previous: event.hasPrevKv ? KeyValue(event.prevKv) : nil
                            )
                        }
                    ),
                    isCreation: message.created,
                    isCanceled: message.canceled,
                    compactRevision: EtcdRevision(rawValue: message.compactRevision),
                    cancelReason: message.cancelReason
                )
            },
            isSame: { $0 == $1 }
        )
    }

    @Test func aMessageThatEndsTooEarlyOrSaysTooMuchIsRefused() {
        for bytes: [UInt8] in [
            [0x0a], [0x0a, 5, 1], [0x08, 0x80], [0x12, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x0b],
            [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x00, 0x00],
            [0x18] + [UInt8](repeating: 0x80, count: 10),
        ] {
            #expect(throws: WireReader.Malformed.self) {
                try GetResponse(wire: bytes.span.bytes)
            }
        }
    }

    /// Random messages and, of each, random distortions.
    private func compare<Message: SwiftProtobuf.Message, Answer: WireMessage>(
        _ make: (inout SeededGenerator) -> Message,
        read: (Message) -> Answer,
        isSame: (Answer, Answer) -> Bool
    ) throws {
        var generator = SeededGenerator(seed: Self.seed)
        var compared = 0
        for round in 0..<max(1, Fuzzing.inputs / 20) {
            var bytes: [UInt8] = try make(&generator).serializedBytes()
            let whole = try Answer(wire: bytes.span.bytes)
            #expect(
                isSame(whole, read(try Message(serializedBytes: bytes))),
                "seed \(Self.seed), round \(round)"
            )
            for _ in 0..<20 {
                distort(&bytes, &generator)
                guard let ours = try? Answer(wire: bytes.span.bytes) else { continue }
                // It may refuse what we let pass: text that is not UTF-8.
                guard let theirs = try? Message(serializedBytes: bytes) else { continue }
                #expect(isSame(ours, read(theirs)), "seed \(Self.seed), round \(round)")
                compared += 1
            }
        }
        #expect(compared > 0, "every distorted answer was refused by one of the two")
    }

    private func distort(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(.random(in: 0...255, using: &generator)) }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = .random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.remove(at: place)
        default: bytes.insert(.random(in: 0...255, using: &generator), at: place)
        }
    }

    private static func rangeResponse(
        _ generator: inout SeededGenerator
    ) -> Etcdserverpb_RangeResponse {
        var response = Etcdserverpb_RangeResponse()
        response.header = header(&generator)
        response.kvs = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
            keyValue(&generator)
        }
        response.more = .random(using: &generator)
        response.count = number(&generator)
        return response
    }

    private static func watchResponse(
        _ generator: inout SeededGenerator
    ) -> Etcdserverpb_WatchResponse {
        var response = Etcdserverpb_WatchResponse()
        response.header = header(&generator)
        response.watchID = number(&generator)
        response.created = .random(using: &generator)
        response.canceled = .random(using: &generator)
        response.compactRevision = number(&generator)
        response.cancelReason = Bool.random(using: &generator) ? "no leader" : ""
        response.events = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
            var event = Etcdserverpb_Event()
            event.type = Bool.random(using: &generator) ? .put : .delete
            event.kv = keyValue(&generator)
            if Bool.random(using: &generator) { event.prevKv = keyValue(&generator) }
            return event
        }
        return response
    }

    private static func header(
        _ generator: inout SeededGenerator
    ) -> Etcdserverpb_ResponseHeader {
        var header = Etcdserverpb_ResponseHeader()
        header.clusterID = UInt64(bitPattern: number(&generator))
        header.memberID = UInt64(bitPattern: number(&generator))
        header.revision = number(&generator)
        header.raftTerm = UInt64(bitPattern: number(&generator))
        return header
    }

    private static func keyValue(_ generator: inout SeededGenerator) -> Etcdserverpb_KeyValue {
        var keyValue = Etcdserverpb_KeyValue()
        keyValue.key = .init(bytes(&generator))
        keyValue.value = .init(bytes(&generator))
        keyValue.createRevision = number(&generator)
        keyValue.modRevision = number(&generator)
        keyValue.version = number(&generator)
        keyValue.lease = number(&generator)
        return keyValue
    }

    private static func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
            .random(in: 0...255, using: &generator)
        }
    }

    private static func number(_ generator: inout SeededGenerator) -> Int64 {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: 0
        case 1: .random(in: 0..<300, using: &generator)
        case 2: .random(in: .min ... .max, using: &generator)
        default: .max
        }
    }
}

@Suite struct PageSizesTests {
    @Test func theFirstPageIsSmallAndTheNextAreMeasuredByTheLongestValue() {
        var sizes = PageSizes(most: 10_000)
        #expect(sizes.next == 32)
        sizes.received([keyValue(200)])
        #expect(sizes.next == 10_000)
        sizes.received([keyValue(1_400_000), keyValue(100)])
        #expect(sizes.next == 2)
        sizes.received([keyValue(5_000_000)])
        #expect(sizes.next == 1)
        sizes.received([keyValue(100)])
        #expect(sizes.next == 1)
        #expect(PageSizes(most: 7).next == 7)
    }

    private func keyValue(_ length: Int) -> KeyValue {
        var keyValue = KeyValue()
        keyValue.value = Bytes([UInt8](repeating: 0, count: length))
        return keyValue
    }
}
