import Machines
import Registry

/// Makes hostile bytes out of good ones, the same for the same seed.
///
///     DISCOVERYD_FUZZ=1000000 swift test --filter FuzzTests      # many more inputs than usual
public struct Mutator {
    private var random: SeededGenerator
    private let corpus: [[UInt8]]

    /// - Parameter corpus: Good inputs, and such as were bad once; at least one.
    public init(seed: UInt64, corpus: [[UInt8]]) {
        random = SeededGenerator(seed: seed)
        self.corpus = corpus
    }

    /// Pieces that parsers trip over.
    private static let pieces: [[UInt8]] =
        [
            "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "=", "'", "\"\"\"", "#",
            "\n", "\r", "\u{0}", "\u{7f}", "\u{2028}", "é", "\u{1F600}", "..", "/", "//",
            "[::1]:80",
            "0x", "1e999", "-0", "99999999999999999999", "NaN", "null", "true",
            "1979-05-27T07:32:00Z",
        ].map { Array($0.utf8) } + [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]

    /// The next input: a good one, changed in one to eight places.
    public mutating func next() -> [UInt8] {
        var bytes = pick(corpus)
        for _ in 0..<Int.random(in: 1...8, using: &random) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0 where place < bytes.count:
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.insert(contentsOf: pick(Self.pieces), at: place)
        case 3:
            let end = min(bytes.count, place + Int.random(in: 1...16, using: &random))
            bytes.removeSubrange(place..<end)
        case 4: bytes.removeSubrange(place...)
        case 5:
            let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
        default:
            let other = pick(corpus)
            let cut = Int.random(in: 0...other.count, using: &random)
            bytes.replaceSubrange(place..., with: other[cut...])
        }
    }

    private mutating func pick(_ choices: [[UInt8]]) -> [UInt8] {
        choices.randomElement(using: &random) ?? []
    }
}
