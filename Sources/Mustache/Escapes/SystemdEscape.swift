/// A word of a unit of systemd or of an `EnvironmentFile=`, in double quotes or without, that both read alike.
///
/// The double quote and the backslash get a backslash. What the two read differently it cannot represent: `%`, `$`,
/// the backtick and the single quote; nor white space, and what begins a comment or ends a command.
///
/// Source: systemd.syntax(7), systemd.exec(5), `EnvironmentFile=`; 252 tried.
struct SystemdEscape: MustacheEscape {
    var name: String { "systemd" }

    func append(_ text: String, to result: inout [UInt8]) throws(UnrepresentableValue) {
        if text.isEmpty { throw UnrepresentableValue("is empty") }
        if result.append(plain: text, where: isWordByte) { return }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%", "$", "`", "'", " ", ";", "#": throw UnrepresentableValue(holding: scalar)
            case _ where UnrepresentableValue.isControl(scalar):
                throw UnrepresentableValue(holding: scalar)
            case "\"", "\\":
                result.append(UInt8(ascii: "\\"))
                result.append(scalar)
            default: result.append(scalar)
            }
        }
    }
}
