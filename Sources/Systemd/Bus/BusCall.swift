/// A method call, as plain data.
struct BusCall: Hashable, Sendable {
    var destination = SystemdNames.service
    var path = SystemdNames.managerPath
    var interface = SystemdNames.managerInterface
    var member: String
    /// The first argument, when it is a number.
    var number: UInt32?
    /// The other arguments.
    var strings: [String] = []

    /// Asks the manager.
    static func manager(_ member: String, number: UInt32? = nil, _ strings: String...) -> BusCall {
        BusCall(member: member, number: number, strings: strings)
    }

    /// Asks the bus itself.
    static func bus(_ member: String, _ strings: String...) -> BusCall {
        BusCall(
            destination: SystemdNames.bus,
            path: SystemdNames.busPath,
            interface: SystemdNames.busInterface,
            member: member,
            strings: strings
        )
    }

    /// Asks for all properties of an object of the manager's. Answered by a dictionary.
    static func properties(of interface: String, at path: String) -> BusCall {
        BusCall(
            path: path,
            interface: SystemdNames.properties,
            member: "GetAll",
            strings: [interface]
        )
    }

    /// Asks for one property of an object of the manager's. Answered by a variant.
    static func property(_ name: String, of interface: String, at path: String) -> BusCall {
        BusCall(
            path: path,
            interface: SystemdNames.properties,
            member: "Get",
            strings: [interface, name]
        )
    }
}

/// The names of systemd's objects on the bus. See org.freedesktop.systemd1(5).
enum SystemdNames {
    static let bus = "org.freedesktop.DBus"
    static let busPath = "/org/freedesktop/DBus"
    static let busInterface = "org.freedesktop.DBus"
    static let service = "org.freedesktop.systemd1"
    static let managerPath = "/org/freedesktop/systemd1"
    static let managerInterface = "org.freedesktop.systemd1.Manager"
    static let unitInterface = "org.freedesktop.systemd1.Unit"
    static let serviceInterface = "org.freedesktop.systemd1.Service"
    static let jobInterface = "org.freedesktop.systemd1.Job"
    static let properties = "org.freedesktop.DBus.Properties"
}
