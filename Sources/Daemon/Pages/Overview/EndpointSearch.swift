import Registry
import Texts

/// Finds endpoints by words: each stands in one of the texts of an endpoint, capitals or not.
struct EndpointSearch: Sendable {
    /// How many words count; whoever writes more has most often narrowed it down by then.
    static let mostWords = 8

    private let words: [[UInt8]]

    /// - Parameter query: The words, between spaces.
    init(_ query: String) {
        words = query.split(separator: " ").prefix(Self.mostWords).map { word in
            word.utf8.map(Self.lowercased)
        }
    }

    /// Whether an endpoint has each word in its service, id, address with port, state, zone or one of its tags.
    func finds(_ endpoint: Endpoint) -> Bool {
        words.allSatisfy { word in
            let instance = endpoint.instance
            return Self.stands(word, in: instance.key.instance.text)
                || Self.stands(word, in: instance.key.service.text)
                || Self.stands(word, in: instance.key.description)
                || Self.stands(word, in: endpoint.state.rawValue)
                || instance.zone.map { Self.stands(word, in: $0) } ?? false
                || instance.tags.contains { Self.stands(word, in: $0) }
                || Self.stands(word, in: instance.address.joined(port: instance.port))
        }
    }

    /// By bytes and ASCII's capitals: names are ASCII, and this is done a hundred thousand times.
    private static func stands(_ word: [UInt8], in text: String) -> Bool {
        guard let first = word.first else { return true }
        var text = text
        return text.withUTF8 { bytes in
            guard word.count <= bytes.count else { return false }
            for start in 0...(bytes.count - word.count) where lowercased(bytes[start]) == first {
                if (1..<word.count).allSatisfy({ lowercased(bytes[start + $0]) == word[$0] }) {
                    return true
                }
            }
            return false
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
