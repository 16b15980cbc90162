import Files
import Machines
import Programs
import Registry

/// A write of several steps, as each of them hands it on to the next.
struct PendingWrite: Equatable, Sendable {
    let output: EndpointOutput
    let number: Int
    /// The list in the output's form.
    let list: RenderedList
    /// How often the file had been forgotten when the write began.
    let generation: Int
    /// The processor time that it has used so far.
    var cost: Duration

    var path: String { output.path }
}

// The steps of a write that asks programs. Which comes next is decided by ``OutputState``.
extension EndpointPublisher {
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

    private func refused(_ write: PendingWrite, _ fault: ProgramFault) {
        driver.happened { machine, now in
            machine.listRefused(write.path, number: write.number, fault, at: now)
        }
    }
}
