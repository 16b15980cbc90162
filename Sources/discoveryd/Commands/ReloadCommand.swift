import ArgumentParser

/// `discoveryd reload`: the daemon reads its configuration again, and says what came of it.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the daemon reload its configuration, and print its errors.",
        discussion: """
            Waits for the outcome. A configuration with errors changes nothing: they are printed, and the \
            exit status is 78.
            """
    )

    @OptionGroup var control: ControlOptions

    func run() async throws {
        let limit = LocalAPIHandler.reloadPatience
        for message in try await control.ask(.reload, taking: limit).messages {
            Terminal.complain("warning: \(message)")
        }
    }
}
