import Files
import Machines
import Programs
import Registry
import Synchronization

/// A write of several steps.
struct PendingWrite: Sendable {
    let output: EndpointOutput
    /// The list in the output's form.
    let list: RenderedList
    /// How often the file had been forgotten when the write began.
    let life: Int
    /// The processor time that it has used so far.
    var cost: Duration
    /// The bytes to write; `nil` until a program has printed them.
    var content: FileContent?
    /// Where it is ready, once it is.
    var staged: StagedFile?
}

// Writes of several steps: those that ask programs, and those that somebody is to take up.
extension EndpointPublisher {
    typealias Work = MachineDriver<PublisherMachine>.Work

    func begin(_ write: PendingWrite, _ number: Int) -> Work? {
        pending.withLock { $0[number] = write }
        guard let command = write.output.command else {
            pending.withLock { $0[number]?.content = write.list.content }
            return proceed(number)
        }
        return { [self] in
            await run(command, with: write.list.bytes, write.output.path, number) { printed in
                pending.withLock { $0[number]?.content = FileContent(printed) }
            }
        }
    }

    /// Goes on as far as it can be gone without waiting for a program.
    func proceed(_ number: Int) -> Work? {
        guard let write = pending.withLock({ $0[number] }), let content = write.content else {
            return nil
        }
        let path = write.output.path
        let began = processorTime()
        do throws(FileError) {
            guard let staged = write.staged else { return try stage(write, content, number) }
            pending.withLock { $0[number] = nil }
            // Before the swap: after it a crash would leave nobody who knows.
            if write.output.hasReload { ReloadMark(of: path).set(beside: staged) }
            let identity = try writer.commit(staged, access: write.output.access)
            let cost = write.cost + processorTime() - began
            let ending = Ending.written(identity, bytes: content.count)
            ended(write, number, cost: cost, .success(ending))
        } catch {
            pending.withLock { $0[number] = nil }
            ended(write, number, cost: write.cost, .failure(error))
        }
        return nil
    }

    func drop(_ number: Int) -> Work? {
        let write = pending.withLock { $0.removeValue(forKey: number) }
        if let staged = write?.staged { writer.discard(staged) }
        return nil
    }

    private func stage(
        _ write: PendingWrite,
        _ content: FileContent,
        _ number: Int
    ) throws(FileError) -> Work? {
        let (output, path) = (write.output, write.output.path)
        if output.command != nil, let found = try writer.read(path, having: output.access),
            found.bytes == content.bytes
        {
            pending.withLock { $0[number] = nil }
            ended(write, number, cost: write.cost, .success(.unchanged(found.identity)))
            return nil
        }
        let began = processorTime()
        let staged = try writer.stage(content, for: path, number: number)
        pending.withLock { pending in
            pending[number]?.staged = staged
            pending[number]?.cost += processorTime() - began
        }
        guard let check = output.check else { return proceed(number) }
        return { [self] in
            await run(check.about(staged.path), with: [], path, number) { _ in }
            // Nobody is left to be told.
            if Task.isCancelled { writer.discard(staged) }
        }
    }

    private func run(
        _ call: ProgramCall,
        with input: [UInt8],
        _ path: String,
        _ number: Int,
        _ keep: ([UInt8]) -> Void
    ) async {
        do throws(ProgramFault) {
            keep(try await programs.run(call, input))
            driver.happened { machine, _ in machine.programEnded(path, number: number) }
        } catch {
            driver.happened { machine, now in
                machine.listRefused(path, number: number, error, at: now)
            }
        }
    }
}
