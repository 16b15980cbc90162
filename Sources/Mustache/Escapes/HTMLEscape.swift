/// Text of an HTML page, or an attribute's value in quotes. NUL cannot be said there.
///
/// Source: the specification of Mustache; HTML, "Character references".
struct HTMLEscape: MustacheEscape {
    var name: String { "html" }

    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue) {
        if result.append(plain: text, where: isWordByte) { return }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;".utf8
            case "<": result += "&lt;".utf8
            case ">": result += "&gt;".utf8
            case "\"": result += "&quot;".utf8
            case "'": result += "&#39;".utf8
            case "\0": throw UnrepresentableValue(holding: scalar)
            default: result.append(scalar)
            }
        }
    }
}
