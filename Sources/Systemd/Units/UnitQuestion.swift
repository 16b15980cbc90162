/// A call of the watch to the bus or to systemd.
enum UnitQuestion: Hashable, Sendable {
    /// Subscribes to the signals that match a rule.
    case match(String)
    /// Asks for systemd's unique name on the bus.
    case owner
    /// Makes systemd send signals.
    case subscribe
    /// The path of a unit, which is loaded for it when it is not.
    case load(unit: String)
    /// The path of a unit, if it is loaded.
    case find(unit: String)
    /// The properties of a unit.
    case read(unit: String, path: String)

    /// The answer to each.
    enum Answer: Hashable, Sendable {
        /// To ``match`` and ``subscribe``.
        case done
        /// To ``load`` and ``find``.
        case path(String)
        /// To ``owner``.
        case name(String)
        /// To ``read``.
        case facts(UnitFacts)
        /// To any.
        case refused(SystemdError)
    }

    /// The call that asks it.
    var call: BusCall {
        switch self {
        case .match(let rule): .bus("AddMatch", rule)
        case .owner: .bus("GetNameOwner", SystemdNames.service)
        case .subscribe: .manager("Subscribe")
        case .load(let unit): .manager("LoadUnit", unit)
        case .find(let unit): .manager("GetUnit", unit)
        case .read(_, let path): .properties(of: SystemdNames.unitInterface, at: path)
        }
    }

    /// Takes the answer from a message.
    func read(_ message: borrowing BusMessage) throws(SystemdError) -> Answer {
        if let refusal = message.refusal { return .refused(.refused(refusal)) }
        switch self {
        case .match, .subscribe: return .done
        case .owner: return .name(try message.readString())
        case .load, .find: return .path(try message.readPath())
        case .read: return .facts(try UnitFacts.read(message))
        }
    }

    /// Matches the signal that systemd has appeared on the bus.
    static let matchArrival = UnitQuestion.match(
        """
        type='signal',sender='\(SystemdNames.bus)',interface='\(SystemdNames.busInterface)',\
        member='NameOwnerChanged',arg0='\(SystemdNames.service)'
        """
    )

    /// Matches the signal that systemd has reloaded its unit files.
    static let matchReload = UnitQuestion.match(
        """
        type='signal',sender='\(SystemdNames.service)',\
        interface='\(SystemdNames.managerInterface)',member='Reloading'
        """
    )

    /// Matches the signals that the unit at `path` was loaded or unloaded. The name of the signal is
    /// left open: only these two have a path there.
    static func matchPresence(of path: String) -> UnitQuestion {
        .match(
            """
            type='signal',sender='\(SystemdNames.service)',\
            interface='\(SystemdNames.managerInterface)',arg1path='\(path)'
            """
        )
    }

    /// Matches the signal that properties of the unit at `path` changed.
    static func matchChange(of path: String) -> UnitQuestion {
        .match(
            """
            type='signal',sender='\(SystemdNames.service)',path='\(path)',\
            interface='\(SystemdNames.properties)',member='PropertiesChanged',\
            arg0='\(SystemdNames.unitInterface)'
            """
        )
    }
}
