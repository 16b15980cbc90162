import Dispatch
import Files
import Glibc
import Machines
import Registry
import Synchronization
import TestKit
import Testing

@testable import EndpointFiles

/// Lists that come faster than a file can be written.
@Suite struct PublisherFloodTests {
    @Test func whileTheDiskHangsTheNewestListWaitsAloneAndIsWrittenThen() async throws {
        try await TemporaryDirectory.with { directory in
            let hanging = DispatchSemaphore(value: 0)
            let isReleased = Mutex(false)
            let hangs = Mutex(0)
            let writer = AtomicFileWriter { call in
                guard call == .fsync, !isReleased.withLock({ $0 }) else { return nil }
                hangs.withLock { $0 += 1 }
                hanging.wait()
                return nil
            }
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 5),
                timeline: Timeline(),
                writer: writer
            )
            publisher.setOutputs([EndpointOutput(path: directory.file("list.json"))])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                publisher.publish(Lists.update([], revision: 1))
                try await eventually("the disk hangs") { hangs.withLock { $0 } == 1 }
                let taken = Mutex(0)
                for number in 2...20_000 {
                    let revision = Revision(rawValue: Int64(number))
                    publisher.publish {
                        taken.withLock { $0 += 1 }
                        return try? Lists.update(
                            [Lists.endpoint("web", "1", revision: revision)],
                            revision: revision
                        )
                    }
                }
                #expect(taken.withLock { $0 } == 0)
                isReleased.withLock { $0 = true }
                hanging.signal()
                try await eventually("written") { publisher.hasWritten(upTo: 20_000) }
                #expect(taken.withLock { $0 } == 1)
                #expect(publisher.mostPending <= 3)
                #expect(directory.read("list.json")?.contains(#""revision":20000"#) == true)
            }
        }
    }

    @Test func aThousandReloadsWhileTheDiskHangsLeaveOneWriteAndOneLookWaiting() async throws {
        try await TemporaryDirectory.with { directory in
            let hang = Hang()
            let threads = BlockingThreads()
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 5),
                timeline: Timeline(),
                writer: AtomicFileWriter { call in
                    if call == .fsync { hang.wait() }
                    return nil
                },
                threads: threads
            )
            let path = directory.file("list")
            publisher.setOutputs([EndpointOutput(path: path, format: .lines)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")]))
                try await eventually("the disk hangs") { hang.count == 1 }
                for number in 0..<1000 {
                    let format: ListFormat = number.isMultiple(of: 2) ? .json : .lines
                    publisher.setOutputs([EndpointOutput(path: path, format: format)])
                }
                let laps = publisher.laps
                publisher.poke()
                try await eventually("the loop has gone round") { publisher.laps > laps }
                #expect(threads.directory(directory.path).status.waiting <= 2)
                hang.release()
                try await eventually("written as configured last") {
                    publisher.hasWrittenAll
                        && directory.read("list")?.hasPrefix("{") == false
                }
                // What was configured before is not taken for what the file holds now.
                publisher.publish(Lists.update([], revision: 50))
                try await eventually("the next is written") { directory.read("list") == "" }
            }
        }
    }

    @Test func aLookThatComesLateSaysNothingOfAFileThatWasForgotten() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("list", "left by an earlier run")
            let hang = Hang()
            let threads = BlockingThreads()
            let thread = threads.file(path)
            thread.add { hang.wait() }
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 5),
                timeline: Timeline(),
                threads: threads
            )
            var output = EndpointOutput(path: path)
            output.onEmpty = .keep
            publisher.setOutputs([output])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                publisher.publish(Lists.update([]))
                try await eventually("the look waits for the disk") { thread.status.waiting == 1 }
                publisher.setOutputs([])
                let laps = publisher.laps
                try await eventually("the file is forgotten") {
                    publisher.poke()
                    return publisher.laps > laps + 1
                }
                hang.release()
                // Behind the look.
                #expect(await thread.run { true } == true)
                #expect(publisher.knownModificationTimes.isEmpty)
            }
        }
    }

    /// The look at files that may have been changed by others takes no lock that those of other disks need.
    @Test func aDiskThatHangsHoldsUpNoFileOfAnother() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file("dead"), 0o755)
            mkdir(directory.file("well"), 0o755)
            let hang = Hang()
            let threads = BlockingThreads()
            threads.directory(directory.file("dead")).add { hang.wait() }
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 5),
                timeline: Timeline(),
                threads: threads
            )
            publisher.setOutputs(
                ["dead/list", "well/list"].map { EndpointOutput(path: directory.file($0)) }
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                for number in 1...20 {
                    let revision = Revision(rawValue: Int64(number))
                    publisher.publish(
                        Lists.update(
                            [try Lists.endpoint("web", "\(number)", revision: revision)],
                            revision: revision
                        )
                    )
                    try await eventually("written beside it") {
                        directory.read("well/list")?.contains("\"revision\":\(number)") == true
                    }
                }
                #expect(directory.read("dead/list") == nil)
                let times = await publisher.modificationTimes(
                    of: ["dead/list", "well/list", "well/none"].map(directory.file),
                    within: .seconds(2)
                )
                #expect(Array(times.keys) == [directory.file("well/list")])
                hang.release()
                try await eventually("written") { publisher.hasWritten(upTo: 20) }
            }
        }
    }

    @Test func afterAWriteThatCostAProcessorMuchTheNextWaitsAsLong() throws {
        var machine = PublisherMachine(generator: SeededGenerator(seed: 3))
        let path = "/out/all.json"
        _ = machine.outputsChanged(to: [EndpointOutput(path: path)], at: .zero)
        _ = machine.listChanged(to: Lists.update([]), at: .zero)
        _ = machine.writeEnded(
            path,
            number: 1,
            revision: 42,
            bytes: 1,
            cost: .milliseconds(30),
            at: .milliseconds(50)
        )
        // The newer list is not even taken before it can be written.
        #expect(machine.newListWaits(at: .milliseconds(60)).isEmpty)
        #expect(machine.newListWaits(at: .milliseconds(70)).isEmpty)
        #expect(machine.deadline == .milliseconds(80))
        let due = machine.timePassed(to: .milliseconds(80))
        #expect(due == [.takeList])
        let change = Lists.update([try Lists.endpoint("web", "1")], revision: 43)
        #expect(
            machine.listChanged(to: change, at: .milliseconds(80))
                == [.write(EndpointOutput(path: path), change, number: 2)]
        )
        _ = machine.writeEnded(path, number: 2, revision: 43, bytes: 1, at: .milliseconds(90))
        // A single change, after a pause, is written at once.
        #expect(machine.newListWaits(at: .seconds(2)) == [.takeList])
    }

    @Test func withoutAnOutputNoListIsTakenUntilThereIsOne() {
        var machine = PublisherMachine(generator: SeededGenerator(seed: 3))
        #expect(machine.newListWaits(at: .zero).isEmpty && machine.deadline == nil)
        let output = EndpointOutput(path: "/out/a")
        #expect(machine.outputsChanged(to: [output], at: .seconds(1)).contains(.takeList))
    }

    @Test func twoPublishersOfOneLookShareWhatIsRendered() async throws {
        try await TemporaryDirectory.with { directory in
            let renderers = RendererPool(prefix: .standard)
            let endpoints = try (0..<300).map { try Lists.endpoint("web", "i\($0)") }
            let update = Lists.update(endpoints)
            for name in ["a.json", "b.json"] {
                let publisher = EndpointPublisher(
                    renderers: renderers,
                    generator: SeededGenerator(seed: 5),
                    timeline: Timeline()
                )
                publisher.setOutputs([EndpointOutput(path: directory.file(name))])
                publisher.publish(update)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await publisher.run() }
                    defer { group.cancelAll() }
                    try await eventually("written") { publisher.hasWrittenAll }
                }
            }
            #expect(directory.read("a.json") == directory.read("b.json"))
        }
    }
}
