import TestKit
import Testing
import Texts

@testable import Registry

@Suite struct RecordReaderTests {
    private let key: ServiceKey

    init() throws {
        key = try ServiceKey("web/web-1")
    }

    @Test(arguments: [
        RecordSamples.full, RecordSamples.plain,
        #"{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}"#, #"{"Op":0,"Addr":"10.0.0.1:80"}"#,
        #"{"Op":1,"Addr":"10.0.0.1:80","Metadata":"blue"}"#, #"{"Addr":"[2001:db8::5]:80"}"#,
        "10.0.0.1:80", "[2001:DB8::5]:80", "Web.example.org:80",
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":0}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"schema":1,"tags":[],"state":"draining"}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"state":"resting"}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"owner":"no owner","zone":"a b"}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"tags":["b","a","b"],"meta":{"k":""}}}"#,
        #"{"New":true,"Addr":"10.0.0.1:80","discoveryd":{"zone":"a","new":12,"tags":["b"]}}"#,
    ])
    func whatIsUsuallyWrittenIsReadInOnePass(text: String) throws {
        var reader = RecordReader()
        for _ in 0..<2 {
            try expectInOnePass(text, &reader)
        }
    }

    @Test func whateverTheCodecWritesInPrintableASCIIIsReadInOnePass() throws {
        let owner = try #require(OwnerID("0123456789abcdef0123456789abcdef"))
        var reader = RecordReader()
        for zone in [nil, "a"] {
            for tags in [[], ["blue"], ["blue", "green"]] {
                for meta in [[:], ["version": "1.2"], ["a": "{,}", "b": "[:]"]] {
                    let instance = ServiceInstance(
                        key: key,
                        address: try #require(HostAddress("10.0.0.1")),
                        port: 80,
                        zone: zone,
                        tags: tags,
                        meta: meta
                    )
                    for state in [EndpointState.up, .draining, .leaving] {
                        let value = RecordCodec.encode(instance, owner: owner, state: state)
                        let usual = reader.readUsual(value, key: key)
                        #expect(usual == Record(instance: instance, state: state, owner: owner))
                    }
                }
            }
        }
    }

    @Test(arguments: [
        // Said in another way.
        #" {"Addr":"10.0.0.1:80"}"#, #"{"Addr": "10.0.0.1:80"}"#, "{\"Addr\":\"10.0.0.1:80\"}\n",
        #"{"Addr":"10.0.0.1\u003a80"}"#, #"{"Addr":"10.0.0.1:80","discoveryd":{"zone":"é"}}"#,
        #"{"discoveryd":{"weight":7},"Addr":"10.0.0.1:80"}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"meta":{},"tags":["a"]}}"#,
        #"{"Op":0,"Addr":"10.0.0.1:80","Metadata":{"any":["thing",1]}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":null}"#, #"{"Addr":"10.0.0.1:80","discoveryd":{}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"zone":null,"tags":null,"meta":null}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"new":{}}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":1e1}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":7.0}}"#,
        // Said twice.
        #"{"Addr":"10.0.0.1:80","Addr":"10.0.0.2:80"}"#, #"{"Op":0,"Op":1,"Addr":"10.0.0.1:80"}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":1,"weight":2}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"tags":["a"],"tags":["b"]}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"meta":{"a":"1","a":"2"}}}"#,
        // Wrong.
        "", "{", "{}", "[]", "null", #"{"Addr":null}"#, #"{"Addr":"10.0.0.1:0"}"#,
        #"{"Addr":"10.0.0.1:80"}}"#, #"{"Addr":"10.0.0.1:80"},"#, #"{"Addr":"10.0.0.1:80",}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"schema":2}}"#, "10.0.0.1", "10.0.0.256:80", "a b:80",
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":65536}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":99999999999999999999}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":-1}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":007}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"weight":"7"}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"tags":["a",null]}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"meta":{"a":1}}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"zone":""}}"#,
        #"{"Addr":"10.0.0.1:80","discoveryd":{"meta":{"":"a"}}}"#,
    ])
    func whatIsUnusualIsLeftToTheGeneralDecoder(text: String) {
        var reader = RecordReader()
        expectLeftToTheDecoder(text, &reader)
    }

    @Test func whatIsBeyondTheLimitsIsRefusedWithTheSameFault() throws {
        let word = String(repeating: "w", count: RecordLimits.wordBytes)
        let text = String(repeating: "m", count: RecordLimits.metaValueBytes)
        let tags = (0..<RecordLimits.tags).map { #""\#($0)""# }.joined(separator: ",")
        let meta = (0..<RecordLimits.metaEntries).map { #""\#($0)":"""# }
            .joined(separator: ",")
        var reader = RecordReader()
        for (fits, doesNot) in [
            (#""zone":"\#(word)""#, #""zone":"\#(word)w""#),
            (#""tags":["\#(word)"]"#, #""tags":["\#(word)w"]"#),
            (#""meta":{"\#(word)":"\#(text)"}"#, #""meta":{"\#(word)w":"\#(text)"}"#),
            (#""meta":{"\#(word)":"\#(text)"}"#, #""meta":{"\#(word)":"\#(text)m"}"#),
            (#""tags":[\#(tags)]"#, #""tags":["x",\#(tags)]"#),
            (#""meta":{\#(meta)}"#, #""meta":{"x":"",\#(meta)}"#),
        ] {
            try expectInOnePass(#"{"Addr":"10.0.0.1:80","discoveryd":{\#(fits)}}"#, &reader)
            let refused = #"{"Addr":"10.0.0.1:80","discoveryd":{\#(doesNot)}}"#
            for _ in 0..<2 { expectLeftToTheDecoder(refused, &reader) }
            #expect(throws: RecordFault.self) {
                try RecordCodec.decode(Array(refused.utf8), key: key)
            }
        }
    }

    @Test func aValueThatIsTooLongIsNotLookedAt() {
        let start = Array(#"{"Addr":"10.0.0.1:80","New":""#.utf8)
        let end = Array(#""}"#.utf8)
        let room = RecordLimits.valueBytes - start.count - end.count
        var reader = RecordReader()
        let longest = reader.readUsual(start + letters(room) + end, key: key)
        #expect(longest != nil)
        let outcome = reader.outcome(start + letters(room + 1) + end, key: key)
        #expect(outcome == .failure(.tooLong))
    }

    @Test func recordsWithTheSameLabelsShareTheirMemory() throws {
        var reader = RecordReader()
        let first = try reader.read(value(port: 80, meta: "1.2"), key: key).instance
        let second = try reader.read(value(port: 81, meta: "1.2"), key: key).instance
        let other = try reader.read(value(port: 82, meta: "1.3"), key: key).instance
        #expect(first.meta == second.meta && second.port == 81 && other.meta == ["v": "1.3"])
        #expect(storage(of: first.tags) == storage(of: second.tags))
        #expect(storage(of: first.tags) != storage(of: other.tags))
    }

    @Test func recordsWhoseLabelsAlternateAreNeverMixedUp() throws {
        var reader = RecordReader()
        // More kinds than are remembered, then as many, then the first ones again.
        for kinds in [RecentRuns<Int>.limit + 3, RecentRuns<Int>.limit, 2] {
            for number in 0..<(kinds * 4) {
                let value = value(port: 80 + number, meta: "1.\(number % kinds)")
                try expectInOnePass(String(decoding: value, as: UTF8.self), &reader)
            }
        }
    }

    @Test func whatOnlyBeginsLikeSomethingMetBeforeIsReadToItsEnd() throws {
        var reader = RecordReader()
        for text in [
            #""owner":"ab","meta":{"a":"b"},"state":"up""#,
            #""owner":"abc","meta":{"a":"b"},"state":"draining""#,
            #""owner":"a","meta":{"a":"b","c":"d"}"#, #""owner":"ab","meta":{"a":"bc"}"#,
            #""owner":"ab","meta":{"a":"b"},"new":"zone""#, #""meta":{"a":"}"}"#,
            #""tags":["x"],"meta":{"a":"b"}"#, #""meta":{"a":"b"}"#, #""tags":["x"]"#,
            #""zone":"a","new":1,"meta":{"a":"b"}"#,
        ] {
            try expectInOnePass(#"{"Addr":"10.0.0.1:80","discoveryd":{\#(text)}}"#, &reader)
        }
        for text in [
            #""tags":["x"],"meta":{"a":"b"},"meta":{"c":"d"}"#,
            #""zone":"a","new":1,"meta":{"a":"b"},"tags":["x"]"#,
            #""meta":{"a":"b"},"meta":{"a":"b"}"#, #""meta":{"a":"b"},"tags":["x"]"#,
            #""meta":{"a":"b"}}"#, #""meta":{"a":"b"}"new":1"#, #""state":"up","meta":{"a":"b"}"#,
        ] {
            expectLeftToTheDecoder(#"{"Addr":"10.0.0.1:80","discoveryd":{\#(text)}}"#, &reader)
        }
    }

    private func value(port: Int, meta: String) -> [UInt8] {
        let labels = #""zone":"a","tags":["blue","green"],"meta":{"v":"\#(meta)"}"#
        return Array(
            #"{"Op":0,"Addr":"10.0.0.1:\#(port)","discoveryd":{\#(labels),"state":"up"}}"#.utf8
        )
    }

    private func storage(of tags: [String]) -> UnsafePointer<String>? {
        tags.withUnsafeBufferPointer { $0.baseAddress }
    }

    private func letters(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: count) }

    private func expectInOnePass(_ text: String, _ reader: inout RecordReader) throws {
        let value = Array(text.utf8)
        let usual = reader.readUsual(value, key: key)
        let record = try #require(usual, "\(text)")
        #expect(RecordCodec.outcome(value, key: key) == .success(record))
    }

    private func expectLeftToTheDecoder(_ text: String, _ reader: inout RecordReader) {
        let value = Array(text.utf8)
        let usual = reader.readUsual(value, key: key)
        #expect(usual == nil, "\(text)")
        let outcome = reader.outcome(value, key: key)
        #expect(outcome == RecordCodec.outcome(value, key: key))
    }
}
