/// News from the bus that may change what is known of a unit.
enum UnitSignal: Hashable, Sendable {
    /// systemd came to the bus, under the unique name `owner`, or went when that is empty.
    case managerChanged(owner: String)
    /// systemd begins to read its unit files again, or to start itself anew. Until it is done, it says
    /// of every unit that it is removed.
    case reloading
    /// systemd has read its unit files again.
    case reloaded
    /// A unit is loaded now. Its state may be any by now: this is all that is sent of a unit that was
    /// loaded to be started.
    case appeared(path: String)
    /// A unit is not loaded any more, which happens to those that are inactive.
    case removed(path: String)
    /// A unit's properties changed.
    case changed(path: String, UnitFacts)

    /// Reads the signal in `message`; `nil` if it is not one of these.
    static func read(_ message: borrowing BusMessage) throws(SystemdError) -> UnitSignal? {
        if message.isSignal("PropertiesChanged", of: SystemdNames.properties) {
            let path = message.path
            guard try message.readString() == SystemdNames.unitInterface else { return nil }
            return .changed(path: path, try UnitFacts.read(message))
        }
        if message.isSignal("UnitNew", of: SystemdNames.managerInterface) {
            _ = try message.readString()
            return .appeared(path: try message.readPath())
        }
        if message.isSignal("UnitRemoved", of: SystemdNames.managerInterface) {
            _ = try message.readString()
            return .removed(path: try message.readPath())
        }
        if message.isSignal("Reloading", of: SystemdNames.managerInterface) {
            return try message.readFlag() ? .reloading : .reloaded
        }
        if message.isSignal("NameOwnerChanged", of: SystemdNames.busInterface) {
            guard try message.readString() == SystemdNames.service else { return nil }
            _ = try message.readString()
            return .managerChanged(owner: try message.readString())
        }
        return nil
    }
}
