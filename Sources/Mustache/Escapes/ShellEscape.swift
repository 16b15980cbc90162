/// A word of a POSIX shell.
///
/// Whatever could mean something to the shell gets a backslash, so that nothing of it is run where the tag stands
/// between double quotes by mistake. A line break has no such escape, and NUL cannot be in a shell's word.
///
/// Source: POSIX, "Shell Command Language", 2.2; dash and bash tried.
struct ShellEscape: MustacheEscape {
    var name: String { "shell" }

    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue) {
        if text.isEmpty {
            result += "''".utf8
            return
        }
        if result.append(plain: text, where: isWordByte) { return }
        for scalar in text.unicodeScalars {
            if UnrepresentableValue.isControl(scalar) {
                throw UnrepresentableValue(holding: scalar)
            }
            let isPlain =
                !scalar.isASCII || isWordByte(UInt8(truncatingIfNeeded: scalar.value))
                || ["@", ",", "+", "="].contains(scalar)
            if !isPlain { result.append(UInt8(ascii: "\\")) }
            result.append(scalar)
        }
    }

    func follow(_ text: [UInt8], in surroundings: inout TagSurroundings) {
        for byte in text {
            surroundings.follow(byte, quotesAnywhere: true, separators: ";&|()<>")
        }
    }

    func obstacle(in surroundings: TagSurroundings) -> String? {
        if surroundings.isEscaped { return "stands after a backslash" }
        return surroundings.quotes == .single ? "stands within single quotes" : nil
    }
}
