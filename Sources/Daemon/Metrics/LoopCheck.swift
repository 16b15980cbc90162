/// Sees whether the loops still turn, when asked.
struct LoopCheck: Sendable {
    let loops: [WatchdogService.Loop]

    /// Sends each loop round and waits for it.
    ///
    /// - Returns: The names of those that have not come round within `limit`, in their order; when the
    ///   task is cancelled, of those that have not until then.
    func stuck(within limit: Duration) async -> [String] {
        let before = loops.map { $0.laps() }
        for loop in loops { loop.poke() }
        let end = ContinuousClock.now + limit
        while true {
            let stuck = zip(loops, before).filter { $0.laps() == $1 }.map(\.0.name)
            if stuck.isEmpty || Task.isCancelled || end <= .now { return stuck }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
