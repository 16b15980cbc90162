import ArgumentParser
import Testing

@testable import discoveryd

/// Command lines of `discoveryd run`.
@Suite struct RunArgumentsTests {
    /// What units say, and what the tests and benchmarks do.
    static let plain: [[String]] = [
        ["run"],
        ["run", "--config", "/etc/other.conf"],
        ["run", "--config=/etc/other.conf"],
        ["run", "--config=/etc/a=b.conf"],
        ["run", "-c", "/etc/other.conf"],
        ["run", "-c", "a b", "--status-file", "/run/s.json", "--control-socket=/run/c.sock"],
        ["run", "--state-directory", "/var/lib/d", "--log-level", "debug"],
        ["run", "--log-level=warning"],
    ]

    @Test("a plain command line says the same with and without the parser", arguments: plain)
    func plainIsAsParsed(_ words: [String]) throws {
        let plain = try #require(RunArguments(plain: words[...]))
        let command = try #require(try DiscoverydCommand.parseAsRoot(words) as? RunCommand)
        #expect(plain == command.arguments)
    }

    @Test(
        "everything else is for the parser",
        arguments: [
            [], ["--config", "a"], ["check"], ["runs"], ["run", "run"], ["run", "a"],
            ["run", "-h"],
            ["run", "--help"], ["run", "--version"], ["run", "--config"], ["run", "--config", ""],
            ["run", "--config="], ["run", "--config", "--log-level"], ["run", "--config", "-"],
            ["run", "-c=a"], ["run", "-ca"], ["run", "--c", "a"], ["run", "--conf", "a"],
            ["run", "--Config", "a"], ["run", "--config", "a", "--config", "b"],
            ["run", "-c", "a", "--config", "b"], ["run", "--log-level", "loud"],
            ["run", "--log-level", "Debug"], ["run", "--config", "a", "--"], ["run", "--", "a"],
            ["run", "--generate-completion-script", "bash"],
        ] as [[String]]
    )
    func otherIsNotPlain(_ words: [String]) {
        #expect(RunArguments(plain: words[...]) == nil)
    }
}
