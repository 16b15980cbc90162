import EndpointFiles
import Files
import Glibc
import Machines
import Programs
import Registry
import Synchronization
import TestKit
import Testing

/// Outputs that ask programs: one that makes the file, one that says whether it will do.
@Suite struct ProgrammedOutputsTests {
    /// Programs that do as the test says.
    private final class Script: Sendable {
        private let answers = Mutex<[String: Result<[UInt8], ProgramFault>]>([:])
        let calls = Recorder<(program: String, about: String, input: String)>()
        /// What stood in the file each check was asked about.
        let checked = Recorder<String>()

        func answer(_ program: String, _ result: Result<[UInt8], ProgramFault>?) {
            answers.withLock { $0[program] = result }
        }

        func run(_ call: ProgramCall, _ input: [UInt8]) async throws(ProgramFault) -> [UInt8] {
            let program = call.arguments[0]
            let path = call.arguments.last ?? ""
            calls.record((program, path, String(decoding: input, as: UTF8.self)))
            if call.arguments.count > 1, let bytes = try? AtomicFileWriter().read(path) {
                checked.record(String(decoding: bytes, as: UTF8.self))
            }
            while true {
                if let result = answers.withLock({ $0[program] }) { return try result.get() }
                guard (try? await Task.sleep(for: .milliseconds(5))) != nil else {
                    throw ProgramFault(code: .notDone, message: "stopped")
                }
            }
        }
    }

    private let script = Script()
    private let no = ProgramFault(code: .refused, message: "bad line 3")

    @Test func aRefusedListKeepsTheOldFileAndTheNextOneIsTriedAgain() async throws {
        try await TemporaryDirectory.with { directory in
            let output = checked(directory.file("list"))
            script.answer("check", .success([]))
            try await publishing([output]) { publisher, reports in
                publisher.publish(try list(1, 10))
                try await eventually("written") { publisher.hasWritten(upTo: 10) }
                let before = directory.read("list")
                script.answer("check", .failure(no))
                publisher.publish(try list(2, 11))
                try await eventually("refused") {
                    publisher.statuses[output.path] == .refused(no)
                }
                #expect(directory.read("list") == before)
                try await eventually("thrown away") { staged(in: directory).isEmpty }
                script.answer("check", .success([]))
                publisher.publish(try list(3, 12))
                try await eventually("written") { publisher.hasWritten(upTo: 12) }
                #expect(directory.read("list") == Lists.text(.lines, try ends(3)).text)
                #expect(staged(in: directory).isEmpty)
                #expect(reports.all.count { $0 == .refused(path: output.path, no) } == 1)
                // Each was looked at whole before it counted.
                #expect(script.checked.all.map { $0.split(separator: "\n").count } == [1, 2, 3])
            }
        }
    }

    @Test func aListThatIsRefusedFromTheStartLeavesTheFileOfAnEarlierRun() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("list", "earlier\n")
            script.answer("check", .failure(no))
            try await publishing([checked(directory.file("list"))]) { publisher, _ in
                publisher.publish(try list(1, 10))
                try await eventually("refused") {
                    publisher.statuses[directory.file("list")] == .refused(no)
                }
                #expect(directory.read("list") == "earlier\n" && !publisher.hasWrittenAll)
            }
        }
    }

    @Test func aCheckThatHangsHoldsUpNeitherTheLoopNorOtherFiles() async throws {
        try await TemporaryDirectory.with { directory in
            let plain = EndpointOutput(path: directory.file("plain"), format: .lines)
            try await publishing([checked(directory.file("list")), plain]) { publisher, _ in
                for count in 1...3 {
                    publisher.publish(try list(count, Revision(rawValue: Int64(count))))
                }
                try await eventually("the other file is current") {
                    directory.read("plain")?.split(separator: "\n").count == 3
                }
                let laps = publisher.laps
                publisher.poke()
                try await eventually("the loop turns") { publisher.laps > laps }
                #expect(directory.read("list") == nil)
                // The newest list wins, and those between are never asked about.
                script.answer("check", .success([]))
                try await eventually("written") { publisher.hasWritten(upTo: 3) }
                #expect(directory.read("list") == directory.read("plain"))
                #expect(script.calls.all.count <= 3)
            }
        }
    }

    @Test func anOutputThatIsNoLongerConfiguredIsNotWrittenByACheckThatEndsLate() async throws {
        try await TemporaryDirectory.with { directory in
            let output = checked(directory.file("list"))
            try await publishing([output]) { publisher, _ in
                publisher.publish(try list(1, 10))
                try await eventually("asked") { !script.calls.all.isEmpty }
                publisher.setOutputs([])
                script.answer("check", .success([]))
                try await eventually("thrown away") { staged(in: directory).isEmpty }
                #expect(directory.read("list") == nil)
            }
        }
    }

    @Test func aProgramThatMakesTheFileIsGivenTheListAndRunOnlyWhenItChanges() async throws {
        try await TemporaryDirectory.with { directory in
            var output = EndpointOutput(path: directory.file("made"))
            output.command = ProgramCall(["make"])
            script.answer("make", .success(Array("made\n".utf8)))
            try await publishing([output]) { publisher, reports in
                publisher.publish(try list(1, 10))
                try await eventually("written") { publisher.hasWritten(upTo: 10) }
                #expect(directory.read("made") == "made\n")
                #expect(script.calls.all.first?.input.contains("10.0.0.5:8080") == true)
                publisher.publish(try list(1, 11))
                try await eventually("seen") { publisher.hasWritten(upTo: 11) }
                #expect(script.calls.all.count == 1)
                // Another list of which it makes the same: asked, and nothing is written.
                publisher.publish(try list(2, 12))
                try await eventually("seen") { publisher.hasWritten(upTo: 12) }
                #expect(script.calls.all.count == 2)
                #expect(reports.writes == [.written(path: output.path, revision: 10, bytes: 5)])
                script.answer("make", .failure(no))
                publisher.publish(try list(3, 13))
                try await eventually("refused") {
                    publisher.statuses[output.path] == .refused(no)
                }
                #expect(directory.read("made") == "made\n")
            }
        }
    }

    @Test func aWatcherOfTheDirectoryIsWokenOncePerChange() async throws {
        try await TemporaryDirectory.with { directory in
            let plain = EndpointOutput(path: directory.file("list.plain"), format: .lines)
            let outputs = [checked(directory.file("list.checked")), plain]
            script.answer("check", .success([]))
            try await publishing(outputs) { publisher, _ in
                publisher.publish(try list(1, 1))
                try await eventually("written") { publisher.hasWritten(upTo: 1) }
                let watcher = try DirectoryWatcher(directory.path)
                for count in 2...6 {
                    let revision = Revision(rawValue: Int64(count))
                    publisher.publish(try list(count, revision))
                    try await eventually("written") { publisher.hasWritten(upTo: revision) }
                    // The same list again is no change.
                    publisher.publish(try list(count, revision))
                }
                try await eventually("settled") { publisher.hasWritten(upTo: 6) }
                // A program that another test starts at this very moment holds the staged file open a
                // little longer; its end is then told late.
                let events = watcher.events.filter { $0.mask != UInt32(IN_CLOSE_WRITE) }
                #expect(events.filter { $0.name == "list.plain" }.count == 5)
                #expect(events.filter { $0.name == "list.checked" }.count == 5)
                #expect(events.allSatisfy { $0.mask == UInt32(IN_MOVED_TO) } && events.count == 10)
            }
        }
    }

    // MARK: parts

    private func checked(_ path: String) -> EndpointOutput {
        var output = EndpointOutput(path: path, format: .lines)
        output.check = ProgramCall(["check", "-f", "{file}"])
        return output
    }

    private func ends(_ count: Int) throws -> [Endpoint] {
        try (1...count).map { try Lists.endpoint("web", "w\($0)") }
    }

    private func list(_ count: Int, _ revision: Revision) throws -> TableUpdate {
        Lists.update(
            try ends(count),
            revision: revision
        )
    }

    private func staged(in directory: TemporaryDirectory) -> [String] {
        TemporaryDirectory(path: directory.file(".discoveryd")).names
    }

    private func publishing(
        _ outputs: [EndpointOutput],
        _ body: @escaping (EndpointPublisher, Recorder<PublishReport>) async throws -> Void
    ) async throws {
        let reports = Recorder<PublishReport>()
        let publisher = EndpointPublisher(
            renderers: RendererPool(prefix: .standard),
            generator: SeededGenerator(seed: 5),
            timeline: Timeline(),
            programs: ProgramRunner { [script] call, input throws(ProgramFault) in
                try await script.run(call, input)
            },
            observe: { reports.record($0) }
        )
        publisher.setOutputs(outputs)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await publisher.run() }
            defer { group.cancelAll() }
            try await body(publisher, reports)
        }
    }
}

extension Recorder<PublishReport> {
    /// Which files were written, in order.
    fileprivate var writes: [PublishReport] {
        all.filter { if case .written = $0 { true } else { false } }
    }
}
