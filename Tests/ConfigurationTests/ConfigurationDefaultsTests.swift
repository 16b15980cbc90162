import Testing

@testable import Configuration

/// One default a setting: what the manual and the sample file say is given to the loader, which must find that
/// it changes nothing.
@Suite struct ConfigurationDefaultsTests {
    /// The settings that have a default which can be written down.
    private static let settings: [Setting] = [
        Setting("etcd", ["endpoints", "order", "prefix", "dial_timeout"]),
        Setting("lease", ["ttl", "on_stop", "drain"]),
        Setting("start", ["timeout", "when_etcd_is_away"]),
        Setting("limits", ["endpoints", "bytes"]),
        Setting("service", ["weight"], [:], "[[service]]\nname = \"web\"\nport = 80\n"),
        Setting(
            "service.check",
            ["interval", "timeout", "rise", "fall", "initial"],
            [:],
            "[[service]]\nname = \"web\"\nport = 80\n[[service.check]]\ntcp = \"10.0.0.1:80\"\n"
        ),
        Setting(
            "output",
            [
                "format", "include_draining", "header", "mode", "on_empty", "min_endpoints", "hold",
                "domain", "timeout", "drain_before_delete", "spill_below",
            ],
            // What a setting needs beside it.
            [
                "domain": "format = \"hosts\"\n", "timeout": "check = [\"true\", \"{file}\"]\n",
                "drain_before_delete":
                    "format = \"haproxy\"\nservices = [\"a\"]\nruntime = \"/s\"\nreload = { unit = \"a.service\" }\n",
                "spill_below": "prefer_zone = [\"a\"]\n",
            ],
            "[[output]]\npath = \"/run/x.json\"\n"
        ),
        Setting(
            "output.reload",
            ["interval", "splay", "timeout"],
            [:],
            "[[output]]\npath = \"/run/x.json\"\n[output.reload]\nunit = \"haproxy.service\"\n"
        ),
    ]

    @Test func `the manual and the code have the same defaults`() throws {
        let said = try Manual(Self.text("packaging/discoveryd.conf.5")).defaults
        try Self.expectNoChange(said)
        let known = Set(
            Self.settings.flatMap { setting in setting.keys.map { "\(setting.table).\($0)" } }
        )
        #expect(Set(said.keys) == known, "a default that one of them does not know")
    }

    @Test func `the sample file and the code have the same defaults`() throws {
        try Self.expectNoChange(Self.sampleDefaults(Self.text("etc/discoveryd.conf")))
    }

    /// A sentence that refuses a duration names one that would do: the default, where that would.
    @Test(arguments: [
        ("etcd", "dial_timeout"), ("lease", "ttl"), ("start", "timeout"), ("output", "hold"),
        ("output", "timeout"), ("service.check", "interval"), ("service.check", "timeout"),
        ("output.reload", "interval"), ("output.reload", "timeout"),
    ])
    func `what check names instead of a refused duration is the default`(table: String, key: String)
        throws
    {
        let setting = try #require(Self.settings.first { $0.table == table })
        let faults = ConfigurationFixture(setting.text(key, "\"soon\"")).faults()
        let sentence = try #require(faults.first)
        let example = try #require(
            sentence.split(separator: "such as ").last?.split(separator: ",").first
        )
        try Self.expectNoChange(["\(table).\(key)": String(example)])
    }

    // MARK: what is said

    private static func expectNoChange(_ said: [String: String]) throws {
        for setting in settings {
            for key in setting.keys {
                let place = "\(setting.table).\(key)"
                guard let value = said[place] else { continue }
                let without = try ConfigurationFixture(setting.text(key, nil)).configuration()
                let with = try ConfigurationFixture(setting.text(key, value)).configuration()
                #expect(with == without, "\(place) = \(value)")
            }
        }
        #expect(!said.isEmpty)
    }

    /// `#key = value` below a header, or among the settings of an inline table.
    private static func sampleDefaults(_ text: String) -> [String: String] {
        // These have no default; what stands there is an example.
        let examples: Set = [
            "output.zone", "output.prefer_zone", "service.domain", "service.zone", "host.zone",
        ]
        var found: [String: String] = [:]
        var table = ""
        for line in text.split(separator: "\n") {
            let bare = line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
            if bare.hasPrefix("[") {
                table = String(bare.filter { $0 != "[" && $0 != "]" })
            } else if bare != line, let equals = bare.firstRange(of: " = ") {
                let (key, value) = (bare[..<equals.lowerBound], bare[equals.upperBound...])
                if let open = value.firstIndex(of: "{"), key == "check" || key == "reload" {
                    let inner = value[open...].filter { !"{}[]".contains($0) }
                    for pair in inner.split(separator: ",") {
                        let parts = pair.split(separator: "=").map { $0.filter { $0 != " " } }
                        if parts.count == 2 { found["\(table).\(key).\(parts[0])"] = parts[1] }
                    }
                } else if !examples.contains("\(table).\(key)") {
                    found["\(table).\(key)"] = String(value)
                }
            }
        }
        return found
    }

    private static func text(_ path: String) throws -> String {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(
            decoding: try ConfigurationSource.disk.readFile("\(root)/\(path)", 1 << 20),
            as: UTF8.self
        )
    }
}

/// Settings of one table, and a configuration in which they can stand.
private struct Setting {
    let table: String
    let keys: [String]
    private let beside: [String: String]
    private let before: String

    init(
        _ table: String,
        _ keys: [String],
        _ beside: [String: String] = [:],
        _ before: String? = nil
    ) {
        self.table = table
        self.keys = keys
        self.beside = beside
        self.before = before ?? "[\(table)]\n"
    }

    func text(_ key: String, _ value: String?) -> String {
        before + (beside[key] ?? "") + (value.map { "\(key) = \($0)\n" } ?? "")
    }
}

/// The manual page as far as it says defaults: `Default "5s".`, `"random", the default`.
private struct Manual {
    /// By `table.key`, `output.reload.splay`.
    var defaults: [String: String] = [:]

    init(_ page: String) {
        var section = ""
        var keys: [String] = []
        var words: [Substring] = []
        var found: [String: String] = [:]
        func end() {
            if let value = Self.value(in: words), let key = keys.last, !section.isEmpty {
                let inner = keys.dropLast().last.map { "\($0)." } ?? ""
                found["\(section).\(inner)\(key)"] = value
            }
            words = []
        }
        for line in page.replacing("\\(dq", with: "\"").split(separator: "\n") {
            if line.hasPrefix(".Sh") {
                end()
                let name = line.dropFirst(4)
                section = name.hasPrefix("[") ? name.filter { $0 != "[" && $0 != "]" } : ""
                keys = []
            } else if line.hasPrefix(".Bl") {
                keys.append("")
            } else if line.hasPrefix(".El") {
                end()
                keys = keys.dropLast()
            } else if line.hasPrefix(".It Ic"), !keys.isEmpty {
                end()
                keys[keys.count - 1] =
                    line.split(separator: " ").dropFirst(2).first.map(String.init) ?? ""
            } else {
                words += line.split(separator: " ").filter { !$0.hasPrefix(".") || $0 == "." }
            }
        }
        defaults = found
    }

    private static func value(in words: [Substring]) -> String? {
        for (index, word) in words.enumerated() {
            let isNamed =
                word == "Default" || (word == "default" && words[max(index, 1) - 1].hasSuffix(","))
            if isNamed, index + 1 < words.count {
                return String(
                    words[index + 1].hasSuffix(".") ? words[index + 1].dropLast() : words[index + 1]
                )
            }
            if word.hasPrefix("default"), index >= 3, words[index - 1] == "the",
                words[index - 2] == ","
            {
                return String(words[index - 3])
            }
        }
        return nil
    }
}
