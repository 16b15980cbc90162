import Foundation
import TestKit
import Testing

@testable import Exposition

@Suite struct MetricsRegistryTests {
    @Test func allKindsAreWrittenWithHelpAndTypeInTheOrderOfTheirDeclaration() {
        let registry = MetricsRegistry()
        let writes = registry.counter(
            "test_writes_total",
            "Files written.",
            labels: ["output", "result"]
        )
        let up = registry.gauge("test_up", "Whether \"it\" is up.\nOr \\ not.")
        let times = registry.histogram("test_seconds", "How long.", bounds: [0.5, 2.5])
        writes.create("/a", "failed")
        writes.add(2, "/b", "written")
        writes.add(1, "/a", "written")
        up.set(true)
        for seconds in [0.25, 0.5, 2, 100] { times.observe(seconds) }
        #expect(
            registry.text == """
                # HELP test_writes_total Files written.
                # TYPE test_writes_total counter
                test_writes_total{output="/a",result="failed"} 0
                test_writes_total{output="/a",result="written"} 1
                test_writes_total{output="/b",result="written"} 2
                # HELP test_up Whether "it" is up.\\nOr \\\\ not.
                # TYPE test_up gauge
                test_up 1
                # HELP test_seconds How long.
                # TYPE test_seconds histogram
                test_seconds_bucket{le="0.5"} 2
                test_seconds_bucket{le="2.5"} 3
                test_seconds_bucket{le="+Inf"} 4
                test_seconds_sum 102.75
                test_seconds_count 4

                """
        )
    }

    @Test func aSeriesWithoutLabelsStandsAtZeroFromTheStart() {
        let registry = MetricsRegistry()
        _ = registry.counter("a_total", "A.")
        _ = registry.histogram("b_seconds", "B.", bounds: [1])
        #expect(registry.text.contains("\na_total 0\n"))
        #expect(registry.text.contains("\nb_seconds_bucket{le=\"+Inf\"} 0\n"))
        #expect(registry.text.contains("\nb_seconds_count 0\n"))
    }

    @Test func aHistogramKeepsItsLabelsBesideItsBounds() {
        let registry = MetricsRegistry()
        let times = registry.histogram("t_seconds", "T.", bounds: [1], labels: ["method"])
        times.observe(.milliseconds(1500), "claim")
        #expect(
            registry.text.hasSuffix(
                """
                t_seconds_bucket{method="claim",le="1"} 0
                t_seconds_bucket{method="claim",le="+Inf"} 1
                t_seconds_sum{method="claim"} 1.5
                t_seconds_count{method="claim"} 1

                """
            )
        )
    }

    @Test func whatIsNotNamedAnyMoreIsForgotten() {
        let registry = MetricsRegistry()
        let stale = registry.gauge("stale", "S.", labels: ["output"])
        let writes = registry.counter("writes_total", "W.", labels: ["output", "result"])
        stale.setAll(["/a": 1, "/b": 0])
        writes.add(1, "/a", "written")
        writes.add(1, "/b", "written")
        stale.setAll(["/b": 1])
        writes.keep(["/b"])
        #expect(!registry.text.contains("/a"))
        #expect(registry.text.contains("stale{output=\"/b\"} 1\n"))
        #expect(registry.text.contains("writes_total{output=\"/b\",result=\"written\"} 1\n"))
    }

    @Test(arguments: [
        (0, "0"), (-3, "-3"), (1.5, "1.5"), (1e15, "1000000000000000"), (.infinity, "+Inf"),
        (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
    ])
    func aNumberIsWrittenAsPrometheusReadsIt(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }

    @Test func addingFromEverywhereAtOnceLosesNothing() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("a_total", "A.")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<1000 { counter.add() } }
            }
        }
        #expect(registry.text.hasSuffix("\na_total 8000\n"))
    }

    @Test func promtoolReadsWhatIsHostileInALabel() async throws {
        let registry = MetricsRegistry()
        let hostile = registry.gauge("test_value", "A \\ and\na newline.", labels: ["text"])
        let texts = [
            "", "\\", "\"", "\n", "\r\n", "\"} 1\nevil 2", "{", "é", "\u{0}", "\u{2028}", "\\n",
            " ",
            String(repeating: "x", count: 100_000),
        ]
        for text in texts { hostile.set(1, text) }
        let lines = registry.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 + texts.count + 1)
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("metrics", registry.text)
            let check = try await Command(
                "/bin/sh",
                ["-c", "promtool check metrics < \"$1\"", "sh", file]
            ).run()
            #expect(check.status == 0 && check.output.isEmpty, "\(check.output)\(check.errors)")
        }
    }
}
