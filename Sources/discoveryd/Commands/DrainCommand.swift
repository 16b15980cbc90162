import ArgumentParser

/// `discoveryd drain`: no new traffic for this host, or one of its services.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Drain this host's services, or one of them: no new traffic.",
        discussion: """
            The services stay registered, as draining: formats that can represent it show them with \
            weight 0, the others skip them. Survives a restart of the daemon.
            Exit status: 0 when it is in etcd, 75 when it will be as soon as etcd answers.
            """
    )

    @OptionGroup var control: ControlOptions

    @Argument(help: "The service; all of them unless given.")
    var service: ServiceArgument?

    @Option(
        name: .customLong("for"),
        help:
            "After how long it ends by itself, such as 10m; it lasts until 'undrain' unless given."
    )
    var span: DurationArgument?

    func validate() throws {
        guard span.map({ LocalAPIRequest.drains.contains($0.duration) }) ?? true else {
            throw ValidationError("--for must be 1s to 8760h.")
        }
    }

    func run() async throws {
        try await control.askAndPrint(.drain(service?.name, for: span?.duration))
    }
}

/// `discoveryd undrain`: back in service.
struct UndrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "End the drain of one service, or all drains."
    )

    @OptionGroup var control: ControlOptions

    @Argument(help: "The service; all drains unless given.")
    var service: ServiceArgument?

    func run() async throws {
        try await control.askAndPrint(.undrain(service?.name))
    }
}
