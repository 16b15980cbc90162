import Files
import Machines
import Programs
import Registry
import Synchronization

/// A write of several steps, as each of them hands it on to the next.
struct PendingWrite: Equatable, Sendable {
    let output: EndpointOutput
    let number: Int
    /// The list in the output's form.
    let list: RenderedList
    /// Its servers, where HAProxy is told of changes.
    var backends: HAProxyFile?
    /// How often the file had been forgotten when the write began.
    let generation: Int
    /// The processor time that it has used so far.
    var cost: Duration

    var path: String { output.path }
}

// The steps of a write, each on the thread of its file, or beside the loop where a program is asked. Which comes next is
// decided by ``OutputState``.
extension EndpointPublisher {
    /// How a write ended that did not fail.
    enum Ending {
        /// The file is a new one.
        case written(AtomicFileWriter.Identity, bytes: Int)
        /// The file holds the list already.
        case unchanged(AtomicFileWriter.Identity)
    }

    // MARK: without programs

    /// Renders the list and, where no program has a say, puts it in the place of the file.
    func write(
        _ output: EndpointOutput,
        _ update: TableUpdate,
        _ number: Int,
        _ generation: Int
    ) {
        let path = output.path
        let began = processorTime()
        guard forgotten.withLock({ $0[path, default: 0] == generation }) else { return }
        var file =
            files.withLock { $0.removeValue(forKey: path) }
            ?? File(
                renderer: renderers.renderer(of: output),
                rejections: RejectionLedger(path: path),
                spills: SpillLedger(path: path)
            )
        let rendering = file.renderer.render(update, at: timeline.now)
        let list = rendering.list
        file.rejections.listRendered(leavingOut: rendering.rejections, at: timeline.now)
            .forEach(observe)
        if output.zones != nil {
            file.spills.listRendered(spilling: rendering.spilling, at: timeline.now)
                .forEach(observe)
            driver.happened { machine, _ in
                machine.zonesChosen(path, number: number, until: rendering.until)
            }
        }
        let found = rendering.fault == nil ? holding(list, output, &file) : nil
        let backends = output.hasRuntime && found == nil ? HAProxyFile(list.bytes) : nil
        let takesReload = output.hasRuntime ? takesReload(from: file.backends, to: backends) : nil
        self.update(path, in: generation) { [file] in
            rejected.withLock { $0[path] = rendering.rejections.count }
            if output.zones != nil { spilling.withLock { $0[path] = rendering.spilling } }
            files.withLock { $0[path] = file }
        }
        var write = PendingWrite(
            output: output,
            number: number,
            list: list,
            backends: backends,
            generation: generation,
            cost: processorTime() - began
        )
        if let fault = rendering.fault { return refused(write, fault, cost: write.cost) }
        if let found { return ended(write, .success(.unchanged(found))) }
        if takesReload ?? output.asksPrograms {
            return driver.happened { [write] machine, now in
                machine.listRendered(write, at: now)
            }
        }
        let result = Result { () throws(FileError) -> Ending in
            try replace(output, with: writer.stage(list.content, for: path, number: number))
        }
        write.cost = processorTime() - began
        ended(write, result)
    }

    /// The file, where it holds the list already: known from the last write, or read once at the start.
    private func holding(
        _ list: RenderedList,
        _ output: EndpointOutput,
        _ file: inout File
    ) -> AtomicFileWriter.Identity? {
        let path = output.path
        if let held = file.held {
            guard list.isSameList(as: held), let identity = file.identity else { return nil }
            return identity == writer.identity(of: path) ? identity : nil
        }
        guard !file.wasRead else { return nil }
        file.wasRead = true
        writer.removeLeftovers(of: path)
        // Of whatever owner and mode: HAProxy may have loaded it. One that cannot be read takes a reload.
        if output.hasRuntime, let bytes = try? writer.read(path) {
            file.backends = HAProxyFile(bytes)
        }
        // What a program makes of the list is known only when it has.
        guard output.command == nil else { return nil }
        // A file that cannot be read is one that has to be written; that will say what is wrong.
        guard let found = try? writer.read(path, having: output.access) else { return nil }
        return list.isSameList(as: found.bytes) ? found.identity : nil
    }

    /// Whether HAProxy takes up a change by a reload alone.
    private func takesReload(from old: HAProxyFile?, to new: HAProxyFile?) -> Bool {
        guard let old, let new else { return true }
        return HAProxyFile.reloadReason(from: old, to: new) != nil
    }

    // MARK: with programs

    func make(_ write: PendingWrite, with command: ProgramCall) async {
        do throws(ProgramFault) {
            let content = FileContent(try await programs.run(command, write.list.bytes))
            driver.happened { machine, _ in machine.contentMade(content, for: write) }
        } catch {
            refused(write, error)
        }
    }

    func stage(_ write: PendingWrite, _ content: FileContent) {
        let (output, path) = (write.output, write.path)
        let began = processorTime()
        var write = write
        do throws(FileError) {
            // Of a list that changed a program may make the same as before.
            if output.command != nil, let found = try writer.read(path, having: output.access),
                found.bytes == content.bytes
            {
                write.cost += processorTime() - began
                return ended(write, .success(.unchanged(found.identity)))
            }
            let staged = try writer.stage(content, for: path, number: write.number)
            write.cost += processorTime() - began
            driver.happened { [write] machine, _ in machine.contentStaged(staged, for: write) }
        } catch {
            ended(write, .failure(error))
        }
    }

    func check(_ write: PendingWrite, _ staged: StagedFile, with check: ProgramCall) async {
        var fault: ProgramFault?
        do throws(ProgramFault) {
            _ = try await programs.run(check, [])
        } catch {
            fault = error
        }
        // After a cancellation nobody is left to say what becomes of it.
        if fault != nil || Task.isCancelled { await discard(staged) }
        if let fault { return refused(write, fault) }
        driver.happened { machine, _ in machine.checkPassed(staged, for: write) }
    }

    func commit(_ write: PendingWrite, _ staged: StagedFile) {
        var write = write
        let began = processorTime()
        let result = Result { () throws(FileError) -> Ending in
            try replace(write.output, with: staged)
        }
        write.cost += processorTime() - began
        ended(write, result)
    }

    /// Puts a staged file in its place.
    func replace(_ output: EndpointOutput, with staged: StagedFile) throws(FileError) -> Ending {
        let count = staged.count
        // Before the swap: after it a crash would leave nobody who knows.
        if output.hasReload { ReloadMark(of: output.path).set(beside: staged) }
        return .written(try writer.commit(staged, access: output.access), bytes: count)
    }

    func discard(_ staged: StagedFile) async {
        let thread = threads.file(staged.target)
        _ = await thread.run(grace: .seconds(1)) { [writer] in writer.discard(staged) }
    }

    private func refused(_ write: PendingWrite, _ fault: ProgramFault, cost: Duration = .zero) {
        driver.happened { machine, now in
            machine.listRefused(write.path, number: write.number, fault, cost: cost, at: now)
        }
    }

    // MARK: the end of a write

    /// The write has ended, or failed.
    func ended(_ write: PendingWrite, _ result: Result<Ending, FileError>) {
        let (list, path) = (write.list, write.path)
        update(path, in: write.generation) {
            if case .success(let ending) = result {
                modified.withLock { $0[path] = ending.identity.changed }
            }
            files.withLock { files in
                switch result {
                case .success(.written(let identity, _)), .success(.unchanged(let identity)):
                    files[path]?.held = list
                    files[path]?.identity = identity
                    if let backends = write.backends { files[path]?.backends = backends }
                case .failure:
                    // What the file holds now is looked at again before the next try.
                    files[path]?.held = nil
                    files[path]?.wasRead = false
                }
            }
        }
        driver.happened { machine, now in
            switch result {
            case .success(let ending):
                machine.writeEnded(
                    path,
                    number: write.number,
                    revision: list.revision,
                    bytes: ending.bytes,
                    cost: write.cost,
                    at: now
                )
            case .failure(let error):
                machine.writeFailed(path, number: write.number, error, at: now)
            }
        }
    }

    // MARK: looking

    func look(_ path: String, _ number: Int, _ generation: Int) {
        let identity = writer.identity(of: path)
        update(path, in: generation) { modified.withLock { $0[path] = identity?.changed } }
        let exists = identity != nil
        driver.happened { machine, now in
            machine.fileLooked(path, number: number, exists: exists, at: now)
        }
    }

    func inspect(_ path: String) {
        // Not under the lock, which is for the files of all directories.
        let identity = writer.identity(of: path)
        let isAltered = files.withLock { files in
            guard let file = files[path], file.held != nil, file.identity != identity else {
                return false
            }
            files[path]?.held = nil
            return true
        }
        if isAltered {
            driver.happened { machine, now in machine.fileAltered(path, at: now) }
        }
    }

    func forget(_ path: String) {
        forgotten.withLock { $0[path, default: 0] += 1 }
        _ = files.withLock { $0.removeValue(forKey: path) }
        _ = rejected.withLock { $0.removeValue(forKey: path) }
        _ = spilling.withLock { $0.removeValue(forKey: path) }
        _ = modified.withLock { $0.removeValue(forKey: path) }
    }

    /// Changes what is known of a file, unless it was forgotten since that generation.
    private func update(_ path: String, in generation: Int, _ change: () -> Void) {
        forgotten.withLock { forgotten in
            if forgotten[path, default: 0] == generation { change() }
        }
    }
}

extension EndpointPublisher.Ending {
    /// The file that holds the list now.
    fileprivate var identity: AtomicFileWriter.Identity {
        switch self {
        case .written(let identity, _), .unchanged(let identity): identity
        }
    }

    /// How many were written; `nil` for none.
    fileprivate var bytes: Int? {
        switch self {
        case .written(_, let bytes): bytes
        case .unchanged: nil
        }
    }
}
