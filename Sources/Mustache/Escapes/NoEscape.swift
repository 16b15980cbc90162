/// No escape: the text as it is, whatever it means to the reader of the file. Control characters it refuses, so that
/// no value makes a line of its own.
struct NoEscape: MustacheEscape {
    var name: String { "none" }

    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue) {
        if let control = text.unicodeScalars.first(where: UnrepresentableValue.isControl) {
            throw UnrepresentableValue(holding: control)
        }
        result += text.utf8
    }
}
