import Machines
import TestKit
import Testing

@testable import Registry

/// The reader against the general decoder: whatever the bytes are, they say the same.
@Suite struct RecordReaderFuzzTests {
    private let key: ServiceKey

    init() throws {
        key = try ServiceKey("web/web-1")
    }

    @Test func whateverAValueHoldsTheReaderSaysWhatTheGeneralDecoderSays() {
        var random = SeededGenerator(seed: 2026)
        let others = (0..<200).map { _ in rearranged(using: &random) }
        var reader = RecordReader()
        let complaint = Fuzzing.complaint(
            inputs: Fuzzing.inputs(usually: 100_000),
            corpus: RecordSamples.all + RecordSamples.edges + others
        ) { .init(disagreement(on: $0, of: &reader)) }
        #expect(complaint == nil)
    }

    @Test func howeverMembersAreArrangedTheReaderSaysWhatTheGeneralDecoderSays() {
        let seed: UInt64 = 2027
        var random = SeededGenerator(seed: seed)
        var reader = RecordReader()
        for number in 0..<Fuzzing.inputs(usually: 20_000) {
            let text = rearranged(using: &random)
            if let complaint = disagreement(on: Array(text.utf8), of: &reader) {
                Issue.record("seed \(seed), input \(number): \(complaint); \(text)")
                return
            }
        }
    }

    private func disagreement(on value: [UInt8], of reader: inout RecordReader) -> String? {
        let read = reader.outcome(value, key: key)
        let decoded = RecordCodec.outcome(value, key: key)
        return read == decoded ? nil : "read as \(read), decoded as \(decoded)"
    }

    /// A sample some of whose members and elements are swapped, doubled, left out, or another's.
    private func rearranged(using random: inout SeededGenerator) -> String {
        let samples = RecordSamples.all + RecordSamples.edges
        var pieces = pieces(of: samples.randomElement(using: &random) ?? "")
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let here = Int.random(in: 0..<pieces.count, using: &random)
            let there = Int.random(in: 0..<pieces.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: pieces.swapAt(here, there)
            case 1: pieces.insert(pieces[here], at: there)
            case 2 where pieces.count > 1: pieces.remove(at: here)
            default:
                let others = self.pieces(of: samples.randomElement(using: &random) ?? "")
                pieces.insert(others.randomElement(using: &random) ?? "", at: there)
            }
        }
        // Brackets that went with their neighbours are put where they are missed, half of the time.
        let text = pieces.joined(separator: ",")
        return Bool.random(using: &random) ? text : closed(text)
    }

    private func pieces(of text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }

    private func closed(_ text: String) -> String {
        let open = text.count { $0 == "{" } - text.count { $0 == "}" }
        return text + String(repeating: "}", count: max(0, open))
    }
}
