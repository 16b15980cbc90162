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

    /// Gives `parse` one input after the other. A crash ends the run; what it was can be had again from
    /// the seed.
    ///
    /// - Parameter parse: Returns what is wrong with what it made of the input, or `nil`.
    /// - Returns: The first complaint, with the seed and the input.
    public static func complaint(
        seed: UInt64 = 2026,
        inputs: Int = inputs,
        corpus: [String],
        _ parse: ([UInt8]) -> String?
    ) -> String? {
        complaint(seed: seed, inputs: inputs, corpus: corpus.map { Array($0.utf8) }, parse)
    }

    /// The same for a parser whose inputs are no text.
    public static func complaint(
        seed: UInt64 = 2026,
        inputs: Int = inputs,
        corpus: [[UInt8]],
        _ parse: ([UInt8]) -> String?
    ) -> String? {
        var mutator = Mutator(seed: seed, corpus: corpus)
        for number in 0..<inputs {
            let input = mutator.next()
            if let complaint = parse(input) {
                return
                    "seed \(seed), input \(number): \(complaint); \(Data(input).base64EncodedString())"
            }
        }
        return nil
    }
}
