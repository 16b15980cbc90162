import ArgumentParser

/// `discoveryd wait`: returns when the files are right.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until the files hold a current list with enough endpoints.",
        discussion: """
            Draining endpoints do not count. Only few can wait at once; beyond that it retries until the \
            timeout. Exit status: 0 on success, 75 after the timeout, 69 when the daemon does not run.
            """
    )

    @OptionGroup var control: ControlOptions

    @Option(help: "The service to count; all of them unless given.")
    var service: ServiceArgument?

    @Option(help: "How many endpoints there must be; 1 with a service, 0 without unless given.")
    var min: Int?

    @Option(help: "How long to wait at most, such as 500ms, 30s or 5m.")
    var timeout = DurationArgument(.seconds(30))

    func validate() throws {
        guard LocalAPIRequest.counts.contains(min ?? 0) else {
            throw ValidationError("--min must be 0 to 1000000.")
        }
        guard LocalAPIRequest.waits.contains(timeout.duration) else {
            throw ValidationError("--timeout must be at most 24h.")
        }
    }

    func run() async throws {
        let count = min ?? (service == nil ? 0 : 1)
        let end = ContinuousClock.now + timeout.duration
        var left = timeout.duration
        while true {
            let answer = try await control.answer(
                to: .wait(service?.name, atLeast: count, within: left),
                taking: left
            )
            left = ContinuousClock.now.duration(to: end)
            guard answer.outcome == .busy, left > Self.pause else {
                _ = try control.judged(answer)
                return
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Between two tries to find a place.
    private static let pause = Duration.seconds(1)
}
