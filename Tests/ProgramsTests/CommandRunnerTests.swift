import Glibc
import TestKit
import Testing

@testable import Programs

@Suite struct CommandRunnerTests {
    private let runner = CommandRunner()

    init() {
        // As the daemon does: a program that does not read must not end us.
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func aProgramIsGivenItsInputAndItsOutputComesBack() async throws {
        let input = [UInt8](repeating: 0x61, count: 1 << 20)
        let printed = try await runner.run(ProgramCall(["cat"]), input: input)
        #expect(printed.output == input)
    }

    @Test func aProgramThatReadsNothingIsNoFailure() async throws {
        let input = [UInt8](repeating: 0x61, count: 1 << 20)
        let printed = try await runner.run(
            ProgramCall(["/bin/echo", "a b", "$HOME"]),
            input: input
        )
        #expect(String(decoding: printed.output, as: UTF8.self) == "a b $HOME\n")
    }

    @Test func nothingOfOurEnvironmentReachesIt() async throws {
        // In a process of its own: others read the environment as they start programs.
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET_OF_A_TEST", "secret", 1)
            let printed = try await CommandRunner().run(ProgramCall(["env"]))
            let lines = String(decoding: printed.output, as: UTF8.self).split(separator: "\n")
            #expect(lines.map { $0.prefix { $0 != "=" } }.sorted() == ["LANG", "PATH"])
        }
    }

    @Test func aProgramBeginsWithAnEmptyMaskAndTheDefaultActions() async {
        await #expect(processExitsWith: .success) {
            for number in [SIGPIPE, SIGHUP, SIGTERM] { signal(number, SIG_IGN) }
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_SETMASK, &all, nil)
            let script = #"s/^Sig\(Blk\|Ign\):[^0-9a-f]*//p"#
            let printed = try await CommandRunner().run(
                ProgramCall(["sed", "-n", script, "/proc/self/status"])
            )
            let sets = String(decoding: printed.output, as: UTF8.self).split(separator: "\n")
            #expect(sets.count == 2)
            // 32 and 33 are glibc's own, and as whoever started us had them.
            for set in sets { #expect(UInt64(set, radix: 16).map { $0 & 0x7fff_ffff } == 0) }
        }
    }

    @Test func aRefusalIsSaidInTheProgramsOwnLastWords() async throws {
        let script = "echo 1; for n in 1 2 3 4; do echo \"line $n\u{1b}\" >&2; done; exit 3"
        let fault = try await fault(of: ["sh", "-c", script])
        #expect(fault.code == .refused)
        #expect(
            fault.message
                == "sh ended with status 3: line 2\\u{1b}; line 3\\u{1b}; line 4\\u{1b}"
        )
        // What says it on its standard output is heard too.
        #expect(
            try await self.fault(of: ["sh", "-c", "echo no; exit 1"]).message.hasSuffix(": no")
        )
    }

    @Test func whatIsNotThereIsSaidWithTheRemedy() async throws {
        let fault = try await fault(of: ["no-such-program-here"])
        #expect(fault.code == .notDone)
        #expect(fault.message.contains("no-such-program-here") && fault.message.contains("install"))
        #expect(try await self.fault(of: ["/no/such/program"]).code == .notDone)
    }

    @Test func aProgramEndedByASignalHasNotRefused() async throws {
        let fault = try await fault(of: ["sh", "-c", "kill -9 $$"])
        #expect(fault == ProgramFault(code: .notDone, message: "sh was ended by signal 9"))
    }

    @Test func whatTakesTooLongIsEndedWithAllThatItStarted() async throws {
        try await TemporaryDirectory.with { directory in
            let pids = directory.file("pids")
            // Neither it nor its child minds a SIGTERM.
            let script =
                "trap '' TERM; sleep 600 & echo $! $$ > \(pids); echo begun >&2; wait; wait"
            let call = ProgramCall(["sh", "-c", script], limit: .seconds(5))
            let begun = ContinuousClock.now
            let fault = await #expect(throws: ProgramFault.self) {
                _ = try await runner.run(call)
            }
            #expect(fault?.code == .notDone)
            #expect(fault?.message == "sh took longer than 5s and was ended: begun")
            #expect(ContinuousClock.now - begun < .seconds(20))
            let numbers = try #require(directory.read("pids")).split { $0 == " " || $0 == "\n" }
            #expect(numbers.count == 2)
            for number in numbers.compactMap({ pid_t($0) }) {
                try await eventually("\(number) is gone") { !isRunning(number) }
            }
        }
    }

    @Test func aChildThatHoldsTheOutputOpenIsNotWaitedFor() async throws {
        let printed = try await runner.run(
            ProgramCall(["sh", "-c", "sleep 120 & echo done"], limit: .seconds(60))
        )
        #expect(String(decoding: printed.output, as: UTF8.self) == "done\n")
    }

    @Test func outputWithoutEndIsCutOff() async throws {
        let fault = try await fault(of: ["yes"])
        #expect(fault.code == .notDone && fault.message.contains("printed more than"))
    }

    @Test func aProgramEndsWithTheTaskThatRanIt() async throws {
        try await TemporaryDirectory.with { directory in
            let script = "echo $$ > \(directory.file("pid")); exec sleep 600"
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [runner] in
                    _ = try? await runner.run(
                        ProgramCall(["sh", "-c", script], limit: .seconds(60))
                    )
                }
                try await eventually("it runs") { directory.read("pid")?.hasSuffix("\n") == true }
                group.cancelAll()
            }
            let written = try #require(directory.read("pid"))
            let pid = try #require(pid_t(written.dropLast()))
            #expect(!isRunning(pid))
        }
    }

    private func fault(of arguments: [String]) async throws -> ProgramFault {
        let fault = await #expect(throws: ProgramFault.self) {
            _ = try await runner.run(ProgramCall(arguments))
        }
        return try #require(fault)
    }

    /// A child of one that has ended is a zombie until init has reaped it: that is as good as gone.
    private func isRunning(_ pid: pid_t) -> Bool {
        guard let status = TemporaryDirectory(path: "/proc/\(pid)").read("stat") else {
            return false
        }
        return status.split(separator: ")").last?.dropFirst().first != "Z"
    }
}
