/// A text in double quotes, the same to the shell and to systemd.
///
/// Both take a backslash away before `"`, `\`, `$` and a backtick, and before nothing else. A line
/// break or a NUL is not for this type: its texts are addresses, which hold neither.
struct ShellQuoted: Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if ["\"", "\\", "$", "`"].contains(scalar) { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        description = quoted + "\""
    }
}
