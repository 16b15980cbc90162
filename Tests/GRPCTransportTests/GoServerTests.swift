import GRPCCore
import NIOCore
import NIOPosix
import TestKit
import Testing

@testable import GRPCTransport

/// Calls at a server on grpc-go, from Debian's golang-google-grpc-dev: etcd is built on it.
@Suite(.timeLimit(.minutes(3))) struct GoServerTests {
    @Test(arguments: [0, 1, 16_384, 100_000, 3_000_000])
    func aMessageOfAnySizeComesBackAsItIs(size: Int) async throws {
        try await GoServer.with { server in
            try await withConnection(to: server) { _, client in
                let message = [UInt8](repeating: 7, count: size)
                #expect(try await client.ask(message) == message)
                #expect(try await client.ask(Array("size \(size)".utf8)).count == size)
                let echoed = try await client.talk { writer in
                    for _ in 1...3 { try await writer.write(message) }
                } _: { response in
                    try await response.messages.reduce(into: []) { $0.append($1) }
                }
                #expect(echoed == [message, message, message])
            }
        }
    }

    @Test(arguments: 1...16)
    func eachStatusIsReadWithItsWords(code: Int) async throws {
        try await GoServer.with { server in
            try await withConnection(to: server) { _, client in
                let words = "nicht möglich: 100 % \u{1F600}"
                let error = await failure {
                    try await client.ask(Array("fail \(code) \(words)".utf8))
                }
                #expect(error?.code.rawValue == code)
                #expect(error?.message == words)
                let next = try await client.ask([1])
                #expect(next == [1])
            }
        }
    }

    @Test func moreCallsThanItTakesAtOnceWaitForOneAnother() async throws {
        try await GoServer.with(["-streams", "5"]) { server in
            try await withConnection(to: server) { _, client in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 1...200 {
                        group.addTask { try await client.ask(Array("size \(number)".utf8)).count }
                    }
                    let sizes = try await group.reduce(into: Set()) { $0.insert($1) }
                    #expect(sizes == Set(1...200))
                }
            }
        }
    }

    @Test func itKnowsTheDeadlineOfACallWhichEndsThen() async throws {
        try await GoServer.with { server in
            try await withConnection(to: server) { _, client in
                let error = await failure {
                    try await client.ask(Array("wait".utf8), timeout: .milliseconds(300))
                }
                #expect(error?.code == .deadlineExceeded)
                let told = try await client.talk(
                    { try await $0.write(Array("wait loudly".utf8)) },
                    timeout: .seconds(600)
                ) { response in
                    var messages = response.messages.makeAsyncIterator()
                    return try await messages.next().map { String(decoding: $0, as: UTF8.self) }
                }
                #expect(told == "600")
            }
        }
    }

    @Test func itIsToldOfACallThatIsCancelled() async throws {
        try await GoServer.with { server in
            try await withConnection(to: server) { _, client in
                let (messages, message) = AsyncStream.makeStream(of: [UInt8].self)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        _ = await failure {
                            try await client.talk(
                                { try await $0.write(Array("wait loudly".utf8)) },
                                timeout: .seconds(600)
                            ) { response in
                                for try await one in response.messages { message.yield(one) }
                            }
                        }
                    }
                    for await _ in messages { break }
                    group.cancelAll()
                }
                try await eventually("the server knows") { server.lines.contains("given up") }
                let next = try await client.ask([1])
                #expect(next == [1])
            }
        }
    }

    @Test func aMessageThatIsTooLargeForItIsRefusedAndTheConnectionStays() async throws {
        try await GoServer.with { server in
            try await withConnection(to: server) { _, client in
                let error = await failure {
                    try await client.ask([UInt8](repeating: 7, count: 5_000_000))
                }
                #expect(error?.code == .resourceExhausted)
                #expect(error?.message.contains("larger than max") == true)
                let next = try await client.ask([1])
                #expect(next == [1])
            }
        }
    }

    @Test func ofAConnectionThatIsOldAStreamEndsAtOnceAndAQuestionIsAnswered() async throws {
        try await GoServer.with(["-age", "5s"]) { server in
            try await withConnection(to: server) { connection, client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let question = Array("linger 6s".utf8)
                    group.addTask {
                        let answered = try await client.ask(question, timeout: .seconds(60))
                        #expect(answered == question)
                    }
                    // A watch, for which another server is to be asked. The answer has two seconds more.
                    let error = await failure {
                        try await client.talk({ try await $0.write(Array("wait".utf8)) }) {
                            try await $0.messages.reduce(0) { count, _ in count + 1 }
                        }
                    }
                    #expect(error?.code == .unavailable)
                    #expect(await name(connection.ended()) == "goAway NO_ERROR ")
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func aServerThatLeavesAnswersWhatItWasAsked() async throws {
        try await GoServer.with { server in
            try await withConnection(to: server) { connection, client in
                let answered = try await client.ask(Array("leave".utf8))
                #expect(answered == Array("leave".utf8))
                #expect(await name(connection.ended()) == "goAway NO_ERROR ")
                let later = await failure { try await client.ask([1]) }
                #expect(later?.code == .unavailable)
            }
        }
    }

    @Test func aServerThatMindsOurPingsSaysSo() async throws {
        try await GoServer.with(["-pings", "1h"]) { server in
            // One each two seconds: after a ping the next look is at the end of its time.
            let pings = (interval: Duration.milliseconds(100), timeout: Duration.seconds(2))
            try await withConnection(to: server, pings: pings) { connection, client in
                let error = await failure { try await client.ask(Array("wait".utf8)) }
                #expect(error?.code == .unavailable)
                #expect(await name(connection.ended()) == "goAway ENHANCE_YOUR_CALM too_many_pings")
            }
        }
    }
}

/// A server on grpc-go; see `Go/peer/main.go` for what it answers.
final class GoServer: LoopbackServer {
    let port: UInt16
    let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    private let output: String
    private let directory: TemporaryDirectory

    /// The lines that it has printed.
    var lines: [Substring] { (directory.read(output) ?? "").split(separator: "\n") }

    private init(port: UInt16, output: String, directory: TemporaryDirectory) {
        self.port = port
        self.output = output
        self.directory = directory
    }

    /// Runs `body` beside a server with these options, and ends the server.
    static func with<Value>(
        _ options: [String] = [],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (GoServer) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            let process = try ChildProcess(
                try await GoProgram.built("Tests/GRPCTransportTests/Go/peer"),
                options,
                output: directory.file("out"),
                errors: directory.file("errors")
            )
            defer { process.kill() }
            var port: UInt16?
            try await eventually("the server listens", within: .seconds(30)) {
                // A whole line: half a number is a number, too.
                let text = directory.read("out") ?? ""
                guard text.contains("\n") else { return false }
                port = text.split(separator: "\n").first.flatMap { UInt16($0) }
                return port != nil
            }
            let listening = try #require(port, "\(directory.read("errors") ?? "")")
            return try await body(
                GoServer(port: listening, output: "out", directory: directory)
            )
        }
    }
}
