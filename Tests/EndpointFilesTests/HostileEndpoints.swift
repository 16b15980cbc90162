import Registry
import Testing

/// Endpoints whose owners mean harm, as far as keys and addresses let them.
enum HostileEndpoints {
    /// Names that are syntax to somebody. A key's segment is printable ASCII without `/`.
    static let names = [
        "#web", "$(reboot)", "${HOME}", "%00", "*", "-rf", "..", "10.0.0.9:80", "3scale",
        "LD_PRELOAD=x", "Web", "\\", "__name__", "a--b", "a-b", "a.b", "a_b", "com",
        "fe80::1%eth0", "localhost", "w:41", "w;}{daemon", "w`id`", "w\"x", "w'x", "web", "x2e~41",
        "{", "|tee&<>", "}", longest,
    ]

    /// As long as a key's segment can be, and longest when it is spelled with marks.
    static let longest = String(repeating: ";", count: 128)

    /// What no key can hold, but a zone, a tag or a meta entry could, if nobody looked.
    static let texts = [
        "a\nb", "a\r\nb", ";", "{", "}", "#", "\"", "'", "\\", "$(id)", "`id`", "\u{0}",
        "\u{1b}[2J",
        "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}", "../../etc/passwd", "\u{feff}", "\u{1f600}",
    ]

    /// Those of them that a key can hold all the same.
    static let printable: Set<String> = [";", "{", "}", "#", "\"", "'", "\\", "$(id)", "`id`"]

    /// One endpoint a name, each of them an id as well.
    static func all() throws -> [Endpoint] {
        try names.enumerated().map { number, name in
            let id = names[(number + 7) % names.count]
            return try Lists.endpoint(
                name,
                id,
                address: number.isMultiple(of: 3) ? "2001:db8::\(number + 1)" : "10.0.0.\(number)",
                zone: texts[number % texts.count],
                tags: [texts[(number + 1) % texts.count]],
                meta: [
                    texts[(number + 2) % texts.count]: texts[(number + 3) % texts.count],
                    "__address__": "evil:1",
                ]
            )
        }
    }

    /// One endpoint that says all of it.
    static func talkative() throws -> Endpoint {
        let meta = texts.enumerated().map { ("\($0.offset)\($0.element)", $0.element) }
        return try Lists.endpoint(
            "w;}{\"\\'#$(id)`",
            "\"]}}",
            address: "2001:db8::1",
            zone: texts.joined(),
            tags: texts,
            meta: Dictionary(meta) { first, _ in first }
        )
    }

    /// As many bytes as nobody expects in one text.
    static let megabyte = String(repeating: "x\"\n;", count: 1 << 18)
}
