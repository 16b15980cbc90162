/// The properties of a unit in a message, each `nil` if it is not there.
struct UnitFacts: Hashable, Sendable {
    var load: String?
    var active: String?
    var sub: String?

    /// Takes the facts from a dictionary of properties (`a{sv}`), which is what comes next.
    static func read(_ message: borrowing BusMessage) throws(SystemdError) -> UnitFacts {
        var facts = UnitFacts()
        try message.enter(.array, of: "{sv}")
        while try message.enter(.entry, of: "sv") {
            switch try message.readString() {
            case "LoadState": facts.load = try Self.text(message)
            case "ActiveState": facts.active = try Self.text(message)
            case "SubState": facts.sub = try Self.text(message)
            default: try message.skip("v")
            }
            try message.leave()
        }
        try message.leave()
        return facts
    }

    private static func text(_ message: borrowing BusMessage) throws(SystemdError) -> String {
        try message.enter(.variant, of: "s")
        let text = try message.readString()
        try message.leave()
        return text
    }
}
