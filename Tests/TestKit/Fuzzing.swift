import Foundation
import Registry

/// Feeds a parser with hostile bytes, for as many inputs as the run can afford.
public enum Fuzzing {
    /// How many inputs each parser gets: enough to find what is shallow, few enough for every run.
    public static let inputs = inputs(usually: 20_000)

    /// How many inputs a parser gets that deserves another number than most, unless the run says.
    public static func inputs(usually: Int) -> Int {
        ProcessInfo.processInfo.environment["DISCOVERYD_FUZZ"].flatMap { Int($0) } ?? usually
    }

    /// What a parser made of an input.
    public enum Outcome: Sendable {
        /// It was refused.
        case refused
        /// It was read, and what was made of it is right.
        case right
        /// What was made of it is wrong; with a sentence.
        case wrong(String)

        /// Right, unless there is a complaint.
        public init(_ complaint: String?) {
            self = complaint.map(Self.wrong) ?? .right
        }
    }

    /// Gives `parse` one input after the other. A crash ends the run; what it was can be had again from
    /// the seed.
    ///
    /// - Returns: The first complaint, with the seed and the input; one too when all inputs were refused, for then
    ///   nothing was looked at.
    public static func complaint(
        seed: UInt64 = 2026,
        inputs: Int = inputs,
        corpus: [String],
        _ parse: ([UInt8]) -> Outcome
    ) -> String? {
        complaint(seed: seed, inputs: inputs, corpus: corpus.map { Array($0.utf8) }, parse)
    }

    /// The same for a parser whose inputs are no text.
    public static func complaint(
        seed: UInt64 = 2026,
        inputs: Int = inputs,
        corpus: [[UInt8]],
        _ parse: ([UInt8]) -> Outcome
    ) -> String? {
        var mutator = Mutator(seed: seed, corpus: corpus)
        var read = 0
        for number in 0..<inputs {
            let input = mutator.next()
            switch parse(input) {
            case .refused: break
            case .right: read += 1
            case .wrong(let complaint):
                return
                    "seed \(seed), input \(number): \(complaint); \(Data(input).base64EncodedString())"
            }
        }
        return read > 0 ? nil : "all \(inputs) inputs were refused"
    }
}
