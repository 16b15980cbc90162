/// The settings of a service's unit for its user and for the paths that it may write to, drop-ins included. See
/// systemd.exec(5).
public struct ServiceSettings: Hashable, Sendable {
    /// `User=`, a name or a number; empty for root.
    public var user = ""
    /// `Group=`, a name or a number; empty for that of the user.
    public var group = ""
    /// `SupplementaryGroups=`, names or numbers.
    public var supplementaryGroups: [String] = []
    /// `RuntimeDirectory=`: below `/run`, made at the start.
    public var runtimeDirectories: [String] = []
    /// `StateDirectory=`: below `/var/lib`, made at the start.
    public var stateDirectories: [String] = []
    /// `ReadWritePaths=`, as they are written.
    public var readWritePaths: [String] = []
    /// `ProtectSystem=`: `no`, `yes`, `full` or `strict`.
    public var protectSystem = "no"

    /// Those of a service that says nothing.
    public init() {}

    /// Takes the settings from a dictionary of properties (`a{sv}`), which is what comes next.
    static func read(_ message: borrowing BusMessage) throws(SystemdError) -> ServiceSettings {
        var settings = ServiceSettings()
        try message.enter(.array, of: "{sv}")
        while try message.enter(.entry, of: "sv") {
            switch try message.readString() {
            case "User": settings.user = try Self.text(message)
            case "Group": settings.group = try Self.text(message)
            case "SupplementaryGroups": settings.supplementaryGroups = try Self.texts(message)
            case "RuntimeDirectory": settings.runtimeDirectories = try Self.texts(message)
            case "StateDirectory": settings.stateDirectories = try Self.texts(message)
            case "ReadWritePaths": settings.readWritePaths = try Self.texts(message)
            case "ProtectSystem": settings.protectSystem = try Self.text(message)
            default: try message.skip("v")
            }
            try message.leave()
        }
        try message.leave()
        return settings
    }

    private static func text(_ message: borrowing BusMessage) throws(SystemdError) -> String {
        try message.enter(.variant, of: "s")
        let text = try message.readString()
        try message.leave()
        return text
    }

    private static func texts(_ message: borrowing BusMessage) throws(SystemdError) -> [String] {
        try message.enter(.variant, of: "as")
        try message.enter(.array, of: "s")
        var texts: [String] = []
        while let text = try message.readNextString() { texts.append(text) }
        try message.leave()
        try message.leave()
        return texts
    }
}

extension ServiceManager {
    /// Reads the settings of a service's unit for its user and for the paths that it may write to.
    ///
    /// No privileges are needed.
    ///
    /// - Parameters:
    ///   - service: The unit, such as `discoveryd.service`. Need not run.
    ///   - limit: How long all of it may take.
    /// - Returns: `nil` when there is no such unit.
    /// - Throws: As ``ownJob(within:)``, but for `notAUnit`.
    public func settings(
        of service: String,
        within limit: Duration = .seconds(1)
    ) async throws(SystemdError) -> ServiceSettings? {
        let deadline = ContinuousClock.now + limit
        return try await BusThread.run { bus throws(SystemdError) in
            let (path, facts) = try Self.load(service, bus, until: deadline)
            guard facts.load == "loaded" else { return nil }
            let answer = try bus.answer(
                to: .properties(of: SystemdNames.serviceInterface, at: path),
                until: deadline
            )
            return try ServiceSettings.read(answer)
        }
    }
}
