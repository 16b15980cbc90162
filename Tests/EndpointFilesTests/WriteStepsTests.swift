import Files
import Machines
import Programs
import Registry
import TestKit
import Testing

@testable import EndpointFiles

/// The steps of a write that asks programs, one after the other.
@Suite struct WriteStepsTests {
    private typealias Action = PublisherMachine.Action

    private let path = "/out/web.cfg"
    private let no = ProgramFault(code: .refused, message: "bad line 3")
    private let command = ProgramCall(["make"])
    private let check = ProgramCall(["check", "-f", "{file}"])

    @Test func `a list without programs is written in one step`() {
        var machine = machine(EndpointOutput(path: path))
        #expect(
            machine.writeEnded(path, number: 1, revision: 42, bytes: 5, at: .zero) == [
                .replaced(path: path, isChecked: false),
                .report(.written(path: path, revision: 42, bytes: 5)),
            ]
        )
        #expect(machine.statuses == [path: .current(42)])
    }

    @Test func `a list with both programs is made, staged, checked and committed`() async throws {
        try await staging { directory, staged in
            let output = output(command: command, check: check)
            var machine = machine(output)
            let write = write(output, 1)
            let made = FileContent(Array("made".utf8))
            #expect(machine.listRendered(write, at: .zero) == [.make(write, command)])
            #expect(machine.contentMade(made, for: write) == [.stage(write, made)])
            let asked = ProgramCall(["check", "-f", staged.path])
            #expect(machine.contentStaged(staged, for: write) == [.check(write, staged, asked)])
            #expect(machine.checkPassed(staged, for: write) == [.commit(write, staged)])
            #expect(machine.statuses == [path: .pending])
            #expect(
                machine.writeEnded(path, number: 1, revision: 42, bytes: 4, at: .zero) == [
                    .replaced(path: path, isChecked: true),
                    .report(.written(path: path, revision: 42, bytes: 4)),
                ]
            )
        }
    }

    @Test func `a list with a check alone is staged as it is`() async throws {
        try await staging { _, staged in
            let output = output(check: check)
            var machine = machine(output)
            let write = write(output, 1)
            #expect(machine.listRendered(write, at: .zero) == [.stage(write, write.list.content)])
            #expect(machine.contentStaged(staged, for: write).count == 1)
            #expect(machine.checkPassed(staged, for: write) == [.commit(write, staged)])
        }
    }

    @Test func `a list with a command alone is committed unchecked`() async throws {
        try await staging { _, staged in
            let output = output(command: command)
            var machine = machine(output)
            let write = write(output, 1)
            #expect(machine.listRendered(write, at: .zero) == [.make(write, command)])
            _ = machine.contentMade(FileContent([UInt8]()), for: write)
            #expect(machine.contentStaged(staged, for: write) == [.commit(write, staged)])
        }
    }

    @Test func `a check that refuses leaves the file and is reported once`() async throws {
        try await staging { _, staged in
            let output = output(check: check)
            var machine = machine(output)
            _ = checking(&machine, write(output, 1), staged)
            #expect(
                machine.listRefused(path, number: 1, no, at: .zero) == [
                    .report(.refused(path: path, no))
                ]
            )
            #expect(machine.statuses == [path: .refused(no)])
            // The write has ended: what its check says later has nobody to hear it.
            #expect(machine.checkPassed(staged, for: write(output, 1)) == [.discard(staged)])
            #expect(machine.listRefused(path, number: 1, no, at: .zero) == [])
        }
    }

    @Test func `a command that refuses leaves the file`() {
        let output = output(command: command)
        var machine = machine(output)
        let write = write(output, 1)
        _ = machine.listRendered(write, at: .zero)
        #expect(
            machine.listRefused(path, number: 1, no, at: .zero) == [
                .report(.refused(path: path, no))
            ]
        )
        #expect(machine.contentMade(FileContent([UInt8]()), for: write) == [])
    }

    @Test func `a disk that is full while staging is reported, and the write tried again`() throws {
        let output = output(check: check)
        var machine = machine(output)
        let write = write(output, 1)
        _ = machine.listRendered(write, at: .zero)
        let error = FileError(
            code: .noSpace,
            path: path,
            call: "write",
            errno: 28,
            message: "full"
        )
        let actions = machine.writeFailed(path, number: 1, error, at: .zero)
        let due = try #require(machine.deadline)
        #expect(actions == [.report(.failed(error, retryIn: due))])
        #expect(machine.timePassed(to: due) == [.write(output, Lists.update([]), number: 2)])
    }

    @Test
    func `an output removed while it is checked discards what was staged, and is not written`()
        async throws
    {
        try await staging { _, staged in
            let output = output(check: check)
            var machine = machine(output)
            let write = write(output, 1)
            _ = checking(&machine, write, staged)
            #expect(
                machine.outputsChanged(to: [], at: .zero) == [
                    .forget(path: path), .report(.abandoned(path: path)),
                ]
            )
            #expect(machine.checkPassed(staged, for: write) == [.discard(staged)])
        }
    }

    @Test func `an output removed while it is made or staged goes no step further`() async throws {
        try await staging { _, staged in
            let output = output(command: command, check: check)
            var machine = machine(output)
            let write = write(output, 1)
            _ = machine.listRendered(write, at: .zero)
            _ = machine.outputsChanged(to: [], at: .zero)
            #expect(machine.listRendered(write, at: .zero) == [])
            #expect(machine.contentMade(FileContent([UInt8]()), for: write) == [])
            #expect(machine.contentStaged(staged, for: write) == [.discard(staged)])
        }
    }

    @Test func `a check of the old configuration does not commit under the new one`() async throws {
        try await staging { _, staged in
            let old = output(check: check)
            var machine = machine(old)
            _ = checking(&machine, write(old, 1), staged)
            var new = old
            new.access.mode = 0o600
            let update = Lists.update([])
            #expect(
                machine.outputsChanged(to: [new], at: .zero) == [
                    .forget(path: path), .write(new, update, number: 2),
                ]
            )
            #expect(machine.checkPassed(staged, for: write(old, 1)) == [.discard(staged)])
        }
    }

    @Test func `a newer list waits for the check, and is written after it`() async throws {
        try await staging { _, staged in
            let output = output(check: check)
            var machine = machine(output)
            let first = write(output, 1)
            _ = checking(&machine, first, staged)
            let newer = Lists.update([try Lists.endpoint("web", "1")], revision: 43)
            #expect(machine.listChanged(to: newer, at: .zero) == [])
            #expect(machine.checkPassed(staged, for: first) == [.commit(first, staged)])
            #expect(machine.listChanged(to: newer, at: .zero) == [])
            #expect(
                machine.writeEnded(path, number: 1, revision: 42, bytes: 4, at: .zero) == [
                    .replaced(path: path, isChecked: true),
                    .report(.written(path: path, revision: 42, bytes: 4)),
                    .write(output, newer, number: 2),
                ]
            )
        }
    }

    @Test func `a newer list is tried at once after a check refused the one before`() async throws {
        try await staging { _, staged in
            let output = output(check: check)
            var machine = machine(output)
            _ = checking(&machine, write(output, 1), staged)
            let newer = Lists.update([try Lists.endpoint("web", "1")], revision: 43)
            _ = machine.listChanged(to: newer, at: .zero)
            #expect(
                machine.listRefused(path, number: 1, no, at: .zero) == [
                    .report(.refused(path: path, no)), .write(output, newer, number: 2),
                ]
            )
        }
    }

    // MARK: the driver

    @Test func `a stop while a file is committed lets it be replaced whole`() async throws {
        let text = Lists.text(.lines, [try Lists.endpoint("web", "1")]).text
        try await stopping(at: .renameat) { directory, staged in
            #expect(directory.read("list") == text)
            #expect(staged.isEmpty)
        }
    }

    @Test func `a stop while a file is staged leaves the old one`() async throws {
        try await stopping(at: .write) { directory, _ in
            #expect(directory.read("list") == nil)
        }
    }

    @Test func `a stop while a file is checked discards what was staged`() async throws {
        try await TemporaryDirectory.with { directory in
            let (asked, ask) = AsyncStream.makeStream(of: Void.self)
            let publisher = publisher(AtomicFileWriter()) {
                ask.yield()
                // Ended by the stop.
                try? await Task.sleep(for: .seconds(60))
            }
            let running = try start(publisher, output(directory.file("list"), check: check))
            for await _ in asked { break }
            running.cancel()
            await running.value
            #expect(directory.read("list") == nil)
            #expect(TemporaryDirectory(path: directory.file(".discoveryd")).names.isEmpty)
        }
    }

    /// Stops a publisher while that call is under way.
    private func stopping(
        at call: SystemCall,
        _ body: (TemporaryDirectory, _ staged: [String]) throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let hang = Hang()
            defer { hang.release() }
            let writer = AtomicFileWriter { made in
                if made == call { hang.wait() }
                return nil
            }
            let publisher = publisher(writer) {}
            let running = try start(publisher, output(directory.file("list"), check: check))
            await hang.happened()
            running.cancel()
            hang.release()
            await running.value
            try body(directory, TemporaryDirectory(path: directory.file(".discoveryd")).names)
        }
    }

    private func publisher(
        _ writer: AtomicFileWriter,
        checking: @escaping @Sendable () async -> Void
    ) -> EndpointPublisher {
        EndpointPublisher(
            renderers: RendererPool(prefix: .standard),
            generator: SeededGenerator(seed: 5),
            timeline: Timeline(),
            writer: writer,
            programs: ProgramRunner { _, _ throws(ProgramFault) in
                await checking()
                return []
            }
        )
    }

    private func start(
        _ publisher: EndpointPublisher,
        _ output: EndpointOutput
    ) throws -> Task<Void, Never> {
        publisher.setOutputs([output])
        publisher.publish(Lists.update([try Lists.endpoint("web", "1")]))
        return Task { await publisher.run() }
    }

    // MARK: parts

    private func output(
        _ path: String? = nil,
        command: ProgramCall? = nil,
        check: ProgramCall? = nil
    ) -> EndpointOutput {
        var output = EndpointOutput(path: path ?? self.path, format: .lines)
        output.command = command
        output.check = check
        return output
    }

    /// A machine whose write number 1, of an empty list, is under way.
    private func machine(_ output: EndpointOutput) -> PublisherMachine {
        var machine = PublisherMachine(generator: SeededGenerator(seed: 3))
        _ = machine.outputsChanged(to: [output], at: .zero)
        let actions = machine.listChanged(to: Lists.update([]), at: .zero)
        #expect(actions == [.write(output, Lists.update([]), number: 1)])
        return machine
    }

    private func write(_ output: EndpointOutput, _ number: Int) -> PendingWrite {
        PendingWrite(
            output: output,
            number: number,
            list: RenderedList(head: [1], revision: 42, pieces: [], saysRevision: false),
            generation: 0,
            cost: .zero
        )
    }

    private func checking(
        _ machine: inout PublisherMachine,
        _ write: PendingWrite,
        _ staged: StagedFile
    ) -> [Action] {
        _ = machine.listRendered(write, at: .zero)
        return machine.contentStaged(staged, for: write)
    }

    private func staging(
        _ body: (TemporaryDirectory, StagedFile) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let content = FileContent(Array("made".utf8))
            let staged = try AtomicFileWriter().stage(
                content,
                for: directory.file("list"),
                number: 1
            )
            try await body(directory, staged)
        }
    }
}
