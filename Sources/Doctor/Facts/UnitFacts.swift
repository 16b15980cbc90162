/// The properties of a unit as `systemctl show` prints them; see org.freedesktop.systemd1(5).
package struct UnitProperties: Hashable, Sendable {
    private var values: [String: String]

    package init(_ values: [String: String]) {
        self.values = values
    }

    /// Reads what `systemctl show` prints of several units: lines of `KEY=VALUE`, an empty one in between.
    package static func read(_ text: String) -> [UnitProperties] {
        var all: [UnitProperties] = []
        var values: [String: String] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard !line.isEmpty else {
                if !values.isEmpty { all.append(UnitProperties(values)) }
                values = [:]
                continue
            }
            guard let mark = line.firstIndex(of: "=") else { continue }
            values[String(line[..<mark])] = String(line[line.index(after: mark)...])
        }
        if !values.isEmpty { all.append(UnitProperties(values)) }
        return all
    }

    /// The value of a property; empty when it has none.
    package subscript(key: String) -> String { values[key] ?? "" }

    /// The words of a property that is a list.
    func list(_ key: String) -> [String] { self[key].split(separator: " ").map(String.init) }

    /// Where `BindPaths=` puts what: `SOURCE:DESTINATION:OPTIONS`.
    var bound: [String] {
        list("BindPaths").compactMap { entry in
            let parts = entry.drop { $0 == "-" }.split(separator: ":")
            return (parts.count > 1 ? parts[1] : parts.first).map(String.init)
        }
    }

    func isYes(_ key: String) -> Bool { self[key] == "yes" }

    /// The capabilities that the unit's processes can have at most; `nil` where systemd does not say.
    var capabilities: [String]? {
        values["CapabilityBoundingSet"] == nil ? nil : list("CapabilityBoundingSet")
    }

    /// All of it, by name.
    package var all: [(key: String, value: String)] {
        values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// What systemd says of the daemon's unit and of the units that reload its consumers.
package struct UnitFacts: Sendable {
    /// The unit's name.
    package var name = "discoveryd.service"
    /// `nil` when systemd could not be asked: ``trouble`` says why.
    package var properties: UnitProperties?
    package var trouble: String?
    /// The units that outputs reload, and the usual units of their formats, by name.
    package var others: [String: UnitProperties] = [:]

    package init() {}

    /// Whether systemd knows the unit.
    var isLoaded: Bool { properties?["LoadState"] == "loaded" }
    /// Its main process; `nil` when it does not run.
    package var process: Int32? {
        properties.flatMap { Int32($0["MainPID"]) }.flatMap { $0 > 0 ? $0 : nil }
    }
}
