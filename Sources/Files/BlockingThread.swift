import Glibc
import Synchronization

/// Runs blocking calls one after the other on a thread of its own, for one thing that may hang by itself: a
/// directory's disk, the name servers. Swift's cooperative pool, on which all else runs, has a thread per core.
///
/// The thread starts with the first call, waits a while for the next, and ends when none comes. A call that
/// nobody waits for any more before it begins is not made, so that nothing piles up behind one that hangs.
package final class BlockingThread: Sendable {
    package typealias Call = @Sendable () -> Void

    /// How it stands.
    package struct Status: Hashable, Sendable {
        /// Whether there is a thread now.
        package var isAlive = false
        /// How long the call under way has taken; `nil` when none is.
        package var busyFor: Duration?
        /// How many calls wait behind it.
        package var waiting = 0

        package init() {}
    }

    private struct State {
        var waiting: [(number: Int, call: Call)] = []
        var last = 0
        var isAlive = false
        /// Whether the thread sleeps until it is woken.
        var isIdle = false
        /// Since when the call under way runs.
        var since: ContinuousClock.Instant?
    }

    /// What it is for; the kernel shows the last 15 bytes, see proc(5), `comm`.
    package let name: String
    private let linger: Duration
    private let wakeUp = WakeUp()
    private let state = Mutex(State())

    /// - Parameter linger: How long the thread waits for another call. To start one takes longer than to wake
    ///   one, and files are looked at every ten seconds.
    package init(_ name: String, linger: Duration = .seconds(15)) {
        self.name = name
        self.linger = linger
    }

    /// How it stands.
    package var status: Status {
        state.withLock { state in
            var status = Status()
            status.isAlive = state.isAlive
            status.busyFor = state.since.map { $0.duration(to: .now) }
            status.waiting = state.waiting.count
            return status
        }
    }

    // MARK: calling

    /// Makes a call after all that were added before, whoever waits for it. Whoever adds sees to it that few wait.
    ///
    /// - Returns: Whether it will be made; not when the system has no thread for it.
    @discardableResult
    package func add(_ call: @escaping Call) -> Bool { enqueue(call) != nil }

    /// Makes a call after all that were added before, and waits for it.
    ///
    /// - Parameter grace: How long it is waited for when the task is cancelled.
    /// - Returns: What the call returned. `nil` when the task was cancelled and the call did not end within the
    ///   grace: one that had not begun is not made then, one that had goes on and nobody hears of it. `nil` also
    ///   when the system has no thread for it.
    package func run<Value: Sendable>(
        grace: Duration = .zero,
        _ call: @escaping @Sendable () -> Value
    ) async -> Value? {
        let waiter = Waiter<Value>()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard waiter.begin(continuation) else { return }
                guard let number = enqueue({ waiter.run(call) }) else { return waiter.end(nil) }
                waiter.whenEnded { [self] in forget(number) }
            }
        } onCancel: {
            let isPatient =
                grace > .zero
                && Self.start("grace") {
                    // On a thread of its own, so it may wait; see poll(2).
                    poll(nil, 0, Int32(clamping: Int64(grace / .milliseconds(1))))
                    waiter.end(nil)
                }
            if !isPatient { waiter.end(nil) }
        }
    }

    private func enqueue(_ call: @escaping Call) -> Int? {
        // Under the lock, so that of a thread that cannot be started nobody believes that it runs.
        state.withLock { state in
            state.last += 1
            if !state.isAlive {
                guard Self.start(name, { [self] in work() }) else { return nil }
                state.isAlive = true
            }
            state.waiting.append((state.last, call))
            if state.isIdle {
                state.isIdle = false
                wakeUp.signal()
            }
            return state.last
        }
    }

    /// Nobody waits for that call any more.
    private func forget(_ number: Int) {
        state.withLock { $0.waiting.removeAll { $0.number == number } }
    }

    // MARK: the thread

    private func work() {
        while true {
            if let call = next() {
                call()
            } else if !wakeUp.wait(for: linger), ends() {
                return
            }
        }
    }

    private func next() -> Call? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isIdle = true
                state.since = nil
                return nil
            }
            state.since = .now
            return state.waiting.removeFirst().call
        }
    }

    /// Nothing came for a while.
    private func ends() -> Bool {
        state.withLock { state in
            // Something may have come just now.
            guard state.waiting.isEmpty else { return false }
            state.isIdle = false
            state.isAlive = false
            return true
        }
    }

    /// Starts a thread that runs `body`.
    ///
    /// - Returns: Whether there was one to be had; see pthread_create(3).
    private static func start(_ name: String, _ body: @escaping Call) -> Bool {
        start {
            nameThread(name)
            body()
        }
    }

    private static func start(_ body: @escaping Call) -> Bool {
        // The process's signals are for the threads that were there before.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let box = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            box.toOpaque()
        )
        guard result == 0 else {
            box.release()
            return false
        }
        // Nobody joins it: that it is done is told by what it does last.
        pthread_detach(thread)
        return true
    }

    /// Gives the calling thread a name for whoever looks at it, 15 bytes at most; see proc(5), `comm`. Swift is not
    /// shown pthread_setname_np(3).
    private static func nameThread(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.suffix(15))
        _ = Glibc.write(file, bytes, bytes.count)
        close(file)
    }

    private final class Body: Sendable {
        let run: Call

        init(_ run: @escaping Call) {
            self.run = run
        }
    }

    /// Somebody who waits for a call, until the first end.
    private final class Waiter<Value: Sendable>: Sendable {
        private enum Phase {
            case new
            case waiting(CheckedContinuation<Value?, Never>)
            case ended
        }

        private struct State {
            var phase = Phase.new
            var afterwards: Call?
        }

        private let state = Mutex(State())

        /// - Returns: Whether there is something to wait for.
        func begin(_ continuation: CheckedContinuation<Value?, Never>) -> Bool {
            let isOver = state.withLock { state in
                if case .ended = state.phase { return true }
                state.phase = .waiting(continuation)
                return false
            }
            if isOver { continuation.resume(returning: nil) }
            return !isOver
        }

        /// Has something done once nobody waits any more.
        func whenEnded(_ afterwards: @escaping Call) {
            let isOver = state.withLock { state in
                if case .ended = state.phase { return true }
                state.afterwards = afterwards
                return false
            }
            if isOver { afterwards() }
        }

        /// Makes the call, if somebody waits for it.
        func run(_ call: () -> Value) {
            let isWanted = state.withLock { state in
                if case .ended = state.phase { false } else { true }
            }
            if isWanted { end(call()) }
        }

        func end(_ value: Value?) {
            let (continuation, afterwards) = state.withLock {
                state -> (CheckedContinuation<Value?, Never>?, Call?) in
                defer { state = State(phase: .ended) }
                guard case .waiting(let continuation) = state.phase else {
                    return (nil, state.afterwards)
                }
                return (continuation, state.afterwards)
            }
            continuation?.resume(returning: value)
            afterwards?()
        }
    }
}

/// The threads for calls that may hang: one for each thing that hangs by itself. All that use one of these for a
/// thing share its thread, and somebody can look at them all.
package final class BlockingThreads: Sendable {
    private struct Key: Hashable {
        var name: String
        var part: String
    }

    /// How all threads of a name stand.
    package struct Status: Hashable, Sendable {
        /// How many there are now.
        package var alive = 0
        /// How long the longest call under way has taken; zero when none is.
        package var busyFor = Duration.zero
    }

    private let threads = Mutex<[Key: BlockingThread]>([:])

    /// None yet.
    package init() {}

    /// The thread for a directory.
    package func directory(_ path: String) -> BlockingThread { thread(path) }

    /// The thread for a file: that of its directory.
    package func file(_ path: String) -> BlockingThread {
        guard let slash = path.lastIndex(of: "/") else { return thread(".") }
        return thread(slash == path.startIndex ? "/" : String(path[..<slash]))
    }

    /// The thread for a thing.
    ///
    /// - Parameters:
    ///   - part: Tells apart several of a name.
    ///   - linger: As ``BlockingThread`` has it.
    package func thread(
        _ name: String,
        part: String = "",
        linger: Duration = .seconds(15)
    ) -> BlockingThread {
        threads.withLock { threads in
            let key = Key(name: name, part: part)
            if let known = threads[key] { return known }
            let new = BlockingThread(name, linger: linger)
            threads[key] = new
            return new
        }
    }

    /// How they stand, by their names.
    package var statuses: [String: Status] {
        threads.withLock { $0 }.reduce(into: [:]) { statuses, entry in
            let status = entry.value.status
            statuses[entry.key.name, default: Status()].alive += status.isAlive ? 1 : 0
            if let busyFor = status.busyFor {
                let longest = statuses[entry.key.name]?.busyFor ?? .zero
                statuses[entry.key.name]?.busyFor = max(longest, busyFor)
            }
        }
    }
}
