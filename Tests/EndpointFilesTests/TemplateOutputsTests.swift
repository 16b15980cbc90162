import Files
import Machines
import Programs
import Registry
import TestKit
import Testing

@testable import EndpointFiles

/// A template that cannot be rendered over a list: the old file stays.
@Suite struct TemplateOutputsTests {
    private let fault = ProgramFault(code: .notRendered, message: "/etc/x.mustache:1:1: no")

    @Test func theOldFileStaysAndTheNextListIsRendered() async throws {
        try await TemporaryDirectory.with { directory in
            // A list in the place of a text, which is nobody's, for as long as there are two endpoints.
            let format = try Templates.format(
                "{{#services}}{{#endpoints}}{{^last}}{{services}}{{/last}}{{id}}{{/endpoints}}{{/services}}"
            )
            let output = EndpointOutput(path: directory.file("list"), format: format)
            let reports = Recorder<PublishReport>()
            let publisher = EndpointPublisher(
                renderers: RendererPool(prefix: .standard),
                generator: SeededGenerator(seed: 1),
                timeline: Timeline(),
                observe: { reports.record($0) }
            )
            publisher.setOutputs([output])
            try await withThrowingTaskGroup { group in
                group.addTask { await publisher.run() }
                publisher.publish(Lists.update([try Lists.endpoint("web", "1")], revision: 10))
                try await eventually("written") { directory.read("list") == "1" }
                publisher.publish(
                    Lists.update(
                        [try Lists.endpoint("web", "1"), try Lists.endpoint("web", "2")],
                        revision: 11
                    )
                )
                try await eventually("refused") {
                    if case .refused(let fault)? = publisher.statuses[output.path] {
                        fault.code == .notRendered
                    } else {
                        false
                    }
                }
                #expect(directory.read("list") == "1")
                publisher.publish(Lists.update([try Lists.endpoint("web", "3")], revision: 12))
                try await eventually("written again") { directory.read("list") == "3" }
                let refusals = reports.all.compactMap { report -> String? in
                    if case .refused(_, let fault) = report { fault.message } else { nil }
                }
                #expect(refusals.count == 1)
                #expect(
                    refusals.first?.hasPrefix("/etc/x.mustache:1:37: services is a list") == true
                )
                group.cancelAll()
            }
        }
    }

    @Test func aTemplateThatFailsAllTheTimeLeavesHalfACore() throws {
        var machine = PublisherMachine([EndpointOutput(path: "/out/x")])
        _ = machine.listChanged(to: Lists.update([]), at: .zero)
        let refused = machine.listRefused(
            "/out/x",
            number: 1,
            fault,
            cost: .seconds(3),
            at: .seconds(3)
        )
        #expect(refused == [.report(.refused(path: "/out/x", fault))])
        let list = Lists.update([try Lists.endpoint("web", "1")])
        #expect(machine.listChanged(to: list, at: .seconds(4)).writes.isEmpty)
        #expect(machine.timePassed(to: .seconds(5)).writes.isEmpty)
        let due = try #require(machine.deadline)
        #expect(machine.timePassed(to: max(due, .seconds(6))).writes.map(\.number) == [2])
    }
}
