/// The inside of a double-quoted string of YAML, written as one of JSON; or a comment. It can represent everything.
///
/// Source: YAML 1.2, sections 5.7 and 7.3.1.
struct YAMLEscape: MustacheEscape {
    var name: String { "yaml" }

    func append(_ text: String, to result: inout [UInt8]) {
        JSONEscape().append(text, to: &result)
    }

    func follow(_ text: [UInt8], in surroundings: inout TagSurroundings) {
        for byte in text {
            surroundings.follow(byte, quotesAnywhere: false, separators: "[{,:-")
        }
    }

    func obstacle(in surroundings: TagSurroundings) -> String? {
        switch surroundings.quotes {
        case .double where !surroundings.isEscaped, .comment: nil
        case .none, .single, .double: "stands outside of a string in double quotes"
        }
    }
}
