import EndpointFiles
import Files
import Glibc
import Machines
import Registry
import Synchronization
import TestKit
import Testing

/// Files that are replaced, and the action that is to follow.
@Suite struct ReloaderTests {
    private let action = ReloadAction(.command(["take-up"]), interval: .zero)

    @Test func aReloadThatIsOwedWhenADaemonEndsIsDoneByTheNext() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            let tries = Recorder<Int>()
            try await running(
                path,
                { () throws(ReloadFault) in
                    tries.record(1)
                    throw ReloadFault(message: "no")
                }
            ) { publisher in
                publisher.publish(Lists.update([]))
                try await eventually("tried") { !tries.all.isEmpty }
            }
            let runs = Recorder<Int>()
            try await running(path, { runs.record(1) }) { publisher in
                publisher.publish(Lists.update([], revision: 50))
                try await eventually("done") { runs.all.count == 1 }
                try await eventually("settled") { staged(directory).isEmpty }
            }
            // Nothing is owed any more.
            try await running(path, { runs.record(1) }) { publisher in
                publisher.publish(Lists.update([], revision: 51))
                try await eventually("the file is found as it should be") {
                    publisher.hasWritten(upTo: 51)
                }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 52))
                try await eventually("the change is taken up") { runs.all.count == 2 }
            }
        }
    }

    /// The mark is a file in the staging directory, and that may be a link of somebody else.
    @Test func aMarkBehindALinkIsNeitherHeededNorTouched() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file("elsewhere"), 0o700)
            try directory.write("elsewhere/list.reload", "")
            symlink(directory.file("elsewhere"), directory.file(".discoveryd"))
            let runs = Recorder<Int>()
            try await running(directory.file("list"), { runs.record(1) }) { publisher in
                publisher.publish(Lists.update([]))
                try await eventually("the list is refused") {
                    if case .failed = publisher.statuses[directory.file("list")] {
                        true
                    } else {
                        false
                    }
                }
            }
            #expect(runs.all.isEmpty)
            #expect(directory.read("elsewhere/list.reload") != nil)
        }
    }

    /// While the disk hangs, a reload ends for which the mark is to go, behind a write that sets it anew.
    @Test func aMarkOfANewerFileOutlivesTheReloadOfTheOlder() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            let threads = BlockingThreads()
            let (gates, gate) = AsyncStream.makeStream(of: Void.self)
            let runs = Recorder<Int>()
            try await running(
                path,
                threads: threads,
                { () throws(ReloadFault) in
                    runs.record(1)
                    guard runs.all.count == 1 else { throw ReloadFault(message: "no") }
                    for await _ in gates { return }
                }
            ) { publisher in
                publisher.publish(Lists.update([]))
                try await eventually("the first runs") { runs.all.count == 1 }
                let hang = Hang()
                let thread = threads.directory(directory.path)
                thread.add { hang.wait() }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 43))
                try await eventually("the second write waits") { thread.status.waiting == 1 }
                gate.yield()
                try await eventually("the clearing waits") { thread.status.waiting == 2 }
                hang.release()
                try await eventually("the second runs, and fails") { runs.all.count == 2 }
                _ = await thread.run {}
                #expect(staged(directory) == ["list.reload"])
            }
        }
    }

    @Test func anActionThatHangsHoldsUpNoFile() async throws {
        try await TemporaryDirectory.with { directory in
            let begun = Recorder<Int>()
            try await running(
                directory.file("list"),
                {
                    begun.record(1)
                    try? await Task.sleep(for: .seconds(600))
                }
            ) { publisher in
                publisher.publish(Lists.update([]))
                try await eventually("begun") { begun.all.count == 1 }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 43))
                try await eventually("written") { publisher.hasWritten(upTo: 43) }
                #expect(begun.all.count == 1)
            }
        }
    }

    private func staged(_ directory: TemporaryDirectory) -> [String] {
        TemporaryDirectory(path: directory.file(".discoveryd")).names
    }

    private func running(
        _ path: String,
        threads: BlockingThreads = BlockingThreads(),
        _ perform: @escaping @Sendable () async throws(ReloadFault) -> Void,
        _ body: @escaping (EndpointPublisher) async throws -> Void
    ) async throws {
        let reloader = Reloader(
            place: 0,
            generator: SeededGenerator(seed: 1),
            timeline: Timeline(),
            threads: threads,
            perform: { _ throws(ReloadFault) in
                try await perform()
                return .done
            }
        )
        let publisher = EndpointPublisher(
            renderers: RendererPool(prefix: .standard),
            generator: SeededGenerator(seed: 5),
            timeline: Timeline(),
            threads: threads,
            replaced: { path, _ in reloader.fileReplaced(path) }
        )
        var output = EndpointOutput(path: path, format: .lines)
        output.hasReload = true
        reloader.setActions([path: action])
        publisher.setOutputs([output])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await reloader.run() }
            group.addTask { await publisher.run() }
            defer { group.cancelAll() }
            try await body(publisher)
        }
    }
}
