package import Files
import Glibc
package import Machines
package import Programs
import Synchronization
import Texts

/// Brings HAProxy's process to its file after each replacement, over its runtime API: runs a ``RuntimeMachine``.
///
/// What takes a reload is handed on. HAProxy is asked on a thread of its own for each socket: one that hangs holds up
/// nothing but its own file.
public final class HAProxyUpdater: Sendable {
    private let driver: MachineDriver<RuntimeMachine>
    private let timeline: Timeline
    private let threads: BlockingThreads
    private let writer: AtomicFileWriter
    private let programs: ProgramRunner
    private let reload: @Sendable (String) -> Void
    private let cancelReload: @Sendable (String) -> Void
    private let observe: @Sendable (RuntimeReport) -> Void
    private let outputs = Mutex<[String: RuntimeOutput]>([:])
    /// The content of each file when it was read last, so that it is taken apart once.
    private let read = Mutex<[String: (bytes: [UInt8], file: HAProxyFile?)]>([:])

    /// The number of times that a look begins anew because HAProxy was replaced in the midst of it.
    private static let mostLooks = 3
    /// The number of answers of a batch that are kept because they may be refusals.
    private static let mostAnswers = 3

    /// An updater that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - threads: Has a thread for each file's directory, and for each socket.
    ///   - programs: Runs the check of an output before a reload.
    ///   - reload: Has HAProxy reloaded for a file; ``reloaded(_:)`` is to be called when that is done. Must not wait.
    ///   - cancelReload: Has no reload done for a file if none has begun. Must not wait.
    ///   - observe: Told what there is to log and to count, in order; must not wait.
    package init(
        timeline: Timeline,
        threads: BlockingThreads = BlockingThreads(),
        writer: AtomicFileWriter = AtomicFileWriter(),
        programs: ProgramRunner = .none,
        reload: @escaping @Sendable (_ path: String) -> Void,
        cancelReload: @escaping @Sendable (_ path: String) -> Void,
        observe: @escaping @Sendable (RuntimeReport) -> Void = { _ in }
    ) {
        self.timeline = timeline
        self.threads = threads
        self.writer = writer
        self.programs = programs
        self.reload = reload
        self.cancelReload = cancelReload
        self.observe = observe
        driver = MachineDriver(RuntimeMachine(), timeline: timeline)
    }

    /// Names the files. Call it before they may be written: what each holds by then is what HAProxy has loaded, unless
    /// an earlier run still owed a reload.
    public func setOutputs(_ named: [RuntimeOutput]) {
        let new = outputs.withLock { outputs in
            defer { outputs = Dictionary(named.map { ($0.path, $0) }) { first, _ in first } }
            let paths = Set(named.map(\.path))
            read.withLock { read in read = read.filter { paths.contains($0.key) } }
            return named.filter { outputs[$0.path] != $0 }
        }
        driver.happened { machine, now in machine.outputsChanged(to: named, at: now) }
        for output in named {
            let (path, isNew) = (output.path, new.contains(output))
            let isAsked = threads.file(path).add { [self] in
                let isOwed = ReloadMark(of: path).isSet
                if isNew {
                    earlierFileFound(path, file(path), isOwed: isOwed)
                } else if isOwed {
                    // A write under way is not told of when its output has other settings now.
                    fileReplaced(path, isChecked: false)
                }
            }
            if !isAsked, isNew { earlierFileFound(path, nil, isOwed: true) }
        }
    }

    private func earlierFileFound(_ path: String, _ file: HAProxyFile?, isOwed: Bool) {
        driver.happened { machine, now in
            machine.earlierFileFound(path, file, isOwed: isOwed, at: now)
        }
    }

    /// Whether it is this that has to bring a file to its reader.
    public func serves(_ path: String) -> Bool { outputs.withLock { $0[path] != nil } }

    /// A file was replaced.
    ///
    /// - Parameter isChecked: Whether the output's check has accepted it.
    public func fileReplaced(_ path: String, isChecked: Bool) {
        driver.happened { machine, now in
            machine.fileReplaced(path, isChecked: isChecked, at: now)
        }
    }

    /// HAProxy was reloaded for that file.
    public func reloaded(_ path: String) {
        driver.happened { machine, now in machine.reloaded(path, at: now) }
    }

    /// The state of each process towards its file, by the file's path.
    public var statuses: [String: RuntimeStatus] { driver.read { $0.statuses } }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    /// Keeps processes and files equal until the task is cancelled.
    public func run() async {
        await driver.run { [self] action in
            switch action {
            case .look(let output, let connections, let number):
                return { [self] in await look(output, connections: connections, number) }
            case .send(let output, let commands, let number):
                return { [self] in await send(commands, to: output, number) }
            case .check(let path, let call, let number):
                return { [self] in await check(path, call, number) }
            case .reload(let path): reload(path)
            case .cancelReload(let path): cancelReload(path)
            case .settle(let path, let readAt):
                let thread = threads.file(path)
                // The mark of a newer file stays.
                return {
                    _ = await thread.run { ReloadMark(of: path).clear(unlessSetSince: readAt) }
                }
            case .report(let report): observe(report)
            }
            return nil
        }
    }

    private func look(_ output: RuntimeOutput, connections: Bool, _ number: Int) async {
        let path = output.path
        let read = await threads.file(path).run { [self] in
            let now = ReloadMark.now
            return RuntimeReading(file: file(path), time: now)
        }
        // Without an answer the task is cancelled, or the system has no thread: then the round is tried again.
        guard let reading = read else { return gaveUp(path, number) }
        let socket = RuntimeSocket(path: output.socket)
        let looked = await thread(output).run { [timeline] in
            Result { () throws(RuntimeFault) in
                try Self.look(reading.file, socket, connections: connections, timeline)
            }
        }
        guard let looked else { return gaveUp(path, number) }
        driver.happened { machine, now in
            machine.looked(path, number: number, reading, looked, at: now)
        }
    }

    private func send(_ commands: [RuntimeCommand], to output: RuntimeOutput, _ number: Int) async {
        let (path, socket) = (output.path, RuntimeSocket(path: output.socket))
        let sent = await thread(output).run {
            Result { () throws(RuntimeFault) in
                var answers: [String] = []
                for command in commands {
                    let answer = try socket.ask(command.text)
                    if answers.count < Self.mostAnswers, let words = Self.words(answer) {
                        answers.append(words)
                    }
                }
                return answers
            }
        }
        guard let sent else { return gaveUp(path, number) }
        driver.happened { machine, now in machine.sent(path, number: number, sent, at: now) }
    }

    private func check(_ path: String, _ call: ProgramCall, _ number: Int) async {
        var fault: ProgramFault?
        do throws(ProgramFault) {
            _ = try await programs.run(call, [])
        } catch {
            fault = error
        }
        driver.happened { [fault] machine, now in
            machine.checked(path, number: number, fault, at: now)
        }
    }

    /// The system has no thread for it. After a cancellation nobody looks at what this says.
    private func gaveUp(_ path: String, _ number: Int) {
        let fault = RuntimeFault.system(EAGAIN, at: path)
        driver.happened { machine, now in
            machine.looked(path, number: number, RuntimeReading(), .failure(fault), at: now)
                + machine.sent(path, number: number, .failure(fault), at: now)
        }
    }

    private func thread(_ output: RuntimeOutput) -> BlockingThread {
        threads.thread("haproxy", part: output.socket)
    }

    /// On the thread of the file.
    private func file(_ path: String) -> HAProxyFile? {
        // One that cannot be read is none of ours; what is wrong with it the publisher says, who has to write it.
        guard let bytes = try? writer.read(path) else { return nil }
        if let known = read.withLock({ $0[path] }), known.bytes == bytes { return known.file }
        let file = HAProxyFile(bytes)
        read.withLock { $0[path] = (bytes, file) }
        return file
    }

    // MARK: on the thread of the socket

    private static func look(
        _ file: HAProxyFile?,
        _ socket: RuntimeSocket,
        connections: Bool,
        _ timeline: Timeline
    ) throws(RuntimeFault) -> RuntimeLook {
        var process = try self.process(socket, timeline)
        for _ in 1...mostLooks {
            var look = RuntimeLook(process: process, servers: [:])
            for backend in file?.backends ?? [] {
                let answer = try socket.ask("show servers state \(backend.name)")
                guard !answer.hasPrefix("Can't find backend") else { continue }
                look.servers[backend.name] = try RunningServer.servers(inState: answer)
                guard connections else { continue }
                look.connections[backend.name] = try RunningServer.connections(
                    in: socket.ask("show servers conn \(backend.name)")
                )
            }
            let after = try self.process(socket, timeline)
            guard !after.isSame(as: process) else { return look }
            process = after
        }
        throw RuntimeFault(.unexpected, "HAProxy is replaced by another process all the time")
    }

    private static func process(
        _ socket: RuntimeSocket,
        _ timeline: Timeline
    ) throws(RuntimeFault) -> HAProxyProcess {
        var process = try HAProxyProcess(socket.ask("show info"))
        process.seenAt = timeline.now
        return process
    }

    /// Returns words of HAProxy that may say why it did not do something; most of what it says when it did is known.
    private static func words(_ answer: String) -> String? {
        let words = answer.split(separator: "\n").first.map(String.init) ?? ""
        let isFine =
            words.isEmpty || words == "New server registered." || words == "Server deleted."
            || words.hasPrefix("IP changed") || words.hasPrefix("no need to change")
            || words.hasPrefix("port changed")
        return isFine ? nil : OneLine.excerpt(words)
    }
}
