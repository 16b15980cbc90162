import Registry
import Texts

/// Variables for the shell and for systemd's EnvironmentFile: one a service, always quoted.
///
/// ```
/// WEB_ADDRS="10.0.0.5:8080 10.0.0.6:8080"
/// ```
///
/// Source: systemd.exec(5), "EnvironmentFile="; POSIX, "Shell Command Language", 2.2.3.
struct EnvironmentEncoder: GroupEncoder {
    static let saysDraining = false
    static let saysTiers = false
    /// One string of an environment, its NUL included. See execve(2), MAX_ARG_STRLEN.
    private static let longest = 128 * 1024

    let header: Bool

    func frame(_ origin: ListOrigin) -> ListFrame { .lines(header: header, origin) }

    func text(
        _ service: ServiceName,
        _ entries: [String],
        _ tiers: ZoneTiers?
    ) throws(EncodingFault) -> [UInt8] {
        let name = VariableName(service, suffix: "_ADDRS").text
        let value = entries.joined(separator: " ")
        let length = name.utf8.count + value.utf8.count + 2
        guard length <= Self.longest else {
            throw EncodingFault(
                .tooLong,
                "has too many endpoints for a variable: \(length) bytes, the kernel takes "
                    + "\(Self.longest); narrow the output with zone or tags, or use another format"
            )
        }
        return Array("\(name)=\(ShellQuoted(value))\n".utf8)
    }

    func entry(_ endpoint: Endpoint) -> String {
        endpoint.instance.address.joined(port: endpoint.instance.port)
    }
}

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
