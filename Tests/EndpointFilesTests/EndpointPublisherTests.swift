import EndpointFiles
import Files
import Glibc
import Machines
import Registry
import Synchronization
import TestKit
import Testing

@Suite struct EndpointPublisherTests {
    @Test func aListGoesToEveryOutput() async throws {
        try await TemporaryDirectory.with { directory in
            try await publishing(to: [directory.file("a.json"), directory.file("b.json")]) {
                publisher,
                _ in
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")]))
                try await eventually("both are written") { publisher.hasWrittenAll }
                #expect(directory.read("a.json") == directory.read("b.json"))
                #expect(directory.read("a.json")?.contains(#""addr":"10.0.0.5:8080""#) == true)
            }
        }
    }

    @Test func afterARestartTheSameListLeavesTheFileAloneByteForByte() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list.json")
            let endpoint = try Lists.endpoint("web", "1")
            try await publishing(to: [path]) { publisher, _ in
                publisher.publish(Lists.update([endpoint], revision: 42))
                try await eventually("written") { publisher.hasWrittenAll }
            }
            let (before, inode) = (directory.read("list.json"), try inode(of: path))
            try await publishing(to: [path]) { publisher, reports in
                publisher.publish(Lists.update([endpoint], revision: 99))
                try await eventually("found unchanged") {
                    reports.all == [.unchanged(path: path, revision: 99)]
                }
                #expect(directory.read("list.json") == before)
                #expect(try self.inode(of: path) == inode)

                publisher.publish(
                    Lists.update([], revision: 100)
                )
                try await eventually("a change is written") {
                    directory.read("list.json")?.contains(#""revision":100"#) == true
                }
            }
        }
    }

    /// A host whose outputs all name services had no last list for a start without etcd.
    @Test
    func `a list of some services alone is written where any selection will do, and nowhere else`()
        async throws
    {
        try await TemporaryDirectory.with { directory in
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 1),
                timeline: Timeline()
            )
            var kept = EndpointOutput(path: directory.file("last-list.json"))
            kept.showsAnySelection = true
            publisher.setOutputs([EndpointOutput(path: directory.file("all.json")), kept])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                var list = Lists.update([try Lists.endpoint("web", "1")], revision: 42)
                list.selection = .only(Set(try Lists.names("web")))
                publisher.publish(list)
                try await eventually("the list is kept") {
                    publisher.statuses[kept.path] == .current(42)
                }
                #expect(directory.read("last-list.json")?.contains("\"web\"") == true)
                #expect(directory.read("all.json") == nil)
            }
        }
    }

    @Test func `the consumers of a file hear of a swap before it is reported`() async throws {
        try await TemporaryDirectory.with { directory in
            let told = Mutex<[String]>([])
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 1),
                timeline: Timeline(),
                replaced: { path, _ in told.withLock { $0.append("replaced \(path)") } },
                observe: { report in told.withLock { $0.append("reported \(report)") } }
            )
            let path = directory.file("list.json")
            publisher.setOutputs([EndpointOutput(path: path)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 42))
                try await eventually("reported") { told.withLock { $0.count } == 2 }
                let bytes = try #require(directory.read("list.json")).utf8.count
                let written = PublishReport.written(path: path, revision: 42, bytes: bytes)
                #expect(told.withLock { $0 } == ["replaced \(path)", "reported \(written)"])
                #expect(publisher.writtenRevision == 42)
                #expect(Array(publisher.knownModificationTimes.keys) == [path])
            }
        }
    }

    /// Whoever waits until the files hold a revision would look at the wrong moment, and never again.
    @Test func aListThatChangesNoFileIsToldOfToo() async throws {
        try await TemporaryDirectory.with { directory in
            let taken = Mutex<[Bool]>([])
            let holder = Mutex<EndpointPublisher?>(nil)
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 1),
                timeline: Timeline(),
                taken: {
                    let has = holder.withLock { $0?.hasWritten(upTo: 43) } ?? false
                    taken.withLock { $0.append(has) }
                }
            )
            holder.withLock { $0 = publisher }
            defer { holder.withLock { $0 = nil } }
            var output = EndpointOutput(path: directory.file("web.json"))
            output.services = try Lists.names("web")
            publisher.setOutputs([output])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await publisher.run() }
                defer { group.cancelAll() }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 42))
                try await eventually("written") { publisher.hasWritten(upTo: 42) }
                publisher.publish(
                    Lists.update(
                        [try Lists.endpoint("web", "1"), try Lists.endpoint("db", "1")],
                        revision: 43
                    )
                )
                try await eventually("told when it was so") { taken.withLock { $0.last } == true }
            }
        }
    }

    @Test func aFileThatSomebodyTruncatedIsWrittenAnew() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("list.json", "")
            try await publishing(to: [directory.file("list.json")]) { publisher, _ in
                publisher.publish(Lists.update([]))
                try await eventually("written") {
                    directory.read("list.json")?.hasSuffix("}}\n") == true
                }
            }
        }
    }

    @Test func aDirectoryThatAppearsLaterGetsItsFile() async throws {
        try await TemporaryDirectory.with { directory in
            try await publishing(to: [directory.file("sub/list.json")]) { publisher, reports in
                publisher.publish(Lists.update([]))
                try await eventually("the failure is said") { reports.failures.count == 1 }
                #expect(reports.failures.first?.code == .directoryMissing)
                mkdir(directory.file("sub"), 0o755)
                // It is there a moment before the publisher knows that it is.
                try await eventually("written") { publisher.hasWrittenAll }
                #expect(directory.read("sub/list.json") != nil)
            }
        }
    }

    @Test func aPipeInThePlaceOfTheFileIsRefusedAndHoldsNobodyUp() async throws {
        try await TemporaryDirectory.with { directory in
            mkfifo(directory.file("pipe.json"), 0o644)
            let paths = [directory.file("pipe.json"), directory.file("z.json")]
            try await publishing(to: paths) { publisher, reports in
                publisher.publish(Lists.update([]))
                try await eventually("the other file is written") {
                    directory.read("z.json") != nil
                }
                try await eventually("the pipe is said") { !reports.failures.isEmpty }
                #expect(reports.failures.map(\.code) == [.notARegularFile])
            }
        }
    }

    @Test func aFileThatSomebodyDeletedIsBackWithTheNextList() async throws {
        try await TemporaryDirectory.with { directory in
            try await publishing(to: [directory.file("list.json")]) { publisher, _ in
                publisher.publish(Lists.update([]))
                try await eventually("written") { publisher.hasWrittenAll }
                unlink(directory.file("list.json"))
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 43))
                try await eventually("back") { directory.read("list.json") != nil }
            }
        }
    }

    @Test func whatAFormatCannotCarryIsCountedAndSaidOnce() async throws {
        try await TemporaryDirectory.with { directory in
            let output = EndpointOutput(path: directory.file("upstreams.conf"), format: .nginx)
            let named = try Lists.endpoint("web", "1", address: "host.example")
            try await publishing(to: [output]) { publisher, reports in
                publisher.publish(Lists.update([named, try Lists.endpoint("web", "2")]))
                try await eventually("written") { publisher.hasWritten(upTo: 42) }
                #expect(directory.read("upstreams.conf")?.contains("10.0.0.5") == true)
                #expect(publisher.rejectionCounts == [output.path: 1])
                publisher.publish(Lists.update([named], revision: 43))
                try await eventually("written") { publisher.hasWritten(upTo: 43) }
                publisher.publish(Lists.update([], revision: 44))
                try await eventually("written") { publisher.hasWritten(upTo: 44) }
                #expect(publisher.rejectionCounts == [output.path: 0])
                let said = reports.all.compactMap { report in
                    switch report {
                    case .rejected(_, let rejection): "rejected \(rejection.subject)"
                    case .rejectionEnded(_, let rejection): "ended \(rejection.subject)"
                    default: nil
                    }
                }
                #expect(said == ["rejected web/1", "ended web/1"])
            }
        }
    }

    private func publishing(
        to paths: [String],
        _ body: @escaping (EndpointPublisher, Recorder<PublishReport>) async throws -> Void
    ) async throws {
        try await publishing(to: paths.map { EndpointOutput(path: $0) }, body)
    }

    private func publishing(
        to outputs: [EndpointOutput],
        _ body: @escaping (EndpointPublisher, Recorder<PublishReport>) async throws -> Void
    ) async throws {
        let reports = Recorder<PublishReport>()
        let publisher = EndpointPublisher(
            renderers: RendererPool(prefix: .standard),
            generator: SeededGenerator(seed: 5),
            timeline: Timeline(),
            observe: { reports.record($0) }
        )
        publisher.setOutputs(outputs)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await publisher.run() }
            defer { group.cancelAll() }
            try await body(publisher, reports)
        }
    }

    private func inode(of path: String) throws -> ino_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_ino
    }
}

extension Recorder<PublishReport> {
    /// What went wrong, in order.
    fileprivate var failures: [FileError] {
        all.compactMap { if case .failed(let error, _) = $0 { error } else { nil } }
    }
}
