/// A word of nginx's configuration, in quotes or without.
///
/// Quotes and the backslash get a backslash. `$` has no escape, nor have white space, `;`, braces and `#`
/// outside of quotes.
///
/// Source: nginx, `ngx_conf_read_token`; 1.22 tried.
struct NginxEscape: MustacheEscape {
    var name: String { "nginx" }

    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue) {
        if text.isEmpty { throw UnrepresentableValue("is empty") }
        if result.append(plain: text, where: isWordByte) { return }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "$", ";", "{", "}", "#", " ": throw UnrepresentableValue(holding: scalar)
            case _ where UnrepresentableValue.isControl(scalar):
                throw UnrepresentableValue(holding: scalar)
            case "\"", "'", "\\":
                result.append(UInt8(ascii: "\\"))
                result.append(scalar)
            default: result.append(scalar)
            }
        }
    }
}
