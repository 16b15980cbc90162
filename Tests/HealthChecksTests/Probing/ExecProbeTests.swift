import Glibc
import Registry
import TestKit
import Testing

@testable import HealthChecks

@Suite(.timeLimit(.minutes(1))) struct ExecProbeTests {
    @Test func theExitStatusTellsWhetherItPassed() async throws {
        #expect(await failure("/bin/true") == nil)
        #expect(await failure("/bin/false")?.message == "exit status 1, without output")
        let critical = await failure("/bin/sh", "-c", "echo CRITICAL: disk full; exit 2")
        #expect(critical?.code == .exit)
        #expect(critical?.message == "exit status 2: CRITICAL: disk full")
        #expect(
            await failure("/bin/sh", "-c", "kill -9 $$")?.message
                == "it was ended by signal 9, without output"
        )
    }

    @Test func aWarningFailsUnlessNagiosMeaningIsAskedFor() async throws {
        var check = try #require(ExecCheck(["/bin/sh", "-c", "echo WARNING: 81 %; exit 1"]))
        #expect(await ExecProbe(check).failure()?.message == "exit status 1: WARNING: 81 %")
        check.warningPasses = true
        #expect(await ExecProbe(check).failure() == nil)
    }

    @Test func theLastLineIsShownFromBothOutputsAndWithoutControlCharacters() async throws {
        let script = #"echo one; printf '\033[31mtwo\n\n' >&2; exit 3"#
        #expect(await failure("/bin/sh", "-c", script)?.message == "exit status 3:  [31mtwo")
    }

    @Test func noShellReadsTheArguments() async throws {
        #expect(await failure("/usr/bin/test", "$HOME;x", "=", "$HOME;x") == nil)
    }

    @Test func theSurroundingsAreBare() async throws {
        try await TemporaryDirectory.with { directory in
            let out = directory.file("out")
            let script =
                "{ env; pwd; readlink /proc/self/fd/0; cut -d' ' -f1,5,6 /proc/$$/stat; } > \(out)"
            #expect(await failure("/bin/sh", "-c", script) == nil)
            let lines = (directory.read("out") ?? "").split(separator: "\n")
            let variables = Set(lines.filter { $0.contains("=") }.map { $0.prefix { $0 != "=" } })
            // The shell adds PWD and such by itself.
            #expect(variables.isSubset(of: ["PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_"]))
            #expect(lines.contains("/"))
            #expect(lines.contains("/dev/null"))
            let ids = try #require(lines.last).split(separator: " ")
            #expect(Set(ids).count == 1)
        }
    }

    @Test func aCommandBeginsWithAnEmptyMaskAndTheDefaultActions() async {
        await #expect(processExitsWith: .success) {
            for number in [SIGPIPE, SIGHUP, SIGTERM] { signal(number, SIG_IGN) }
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_SETMASK, &all, nil)
            // 32 and 33 are glibc's own, and as whoever started us had them.
            let script = """
                while read -r name set; do case $name in
                SigBlk:|SigIgn:) [ $((0x$set & 0x7fffffff)) = 0 ] || exit 1 ;;
                esac; done < /proc/$$/status
                """
            let check = try #require(ExecCheck(["/bin/sh", "-c", script]))
            #expect(await ExecProbe(check).failure() == nil)
        }
    }

    @Test func aMissingProgramIsSaidWithTheRemedy() async throws {
        let missing = await failure("/nowhere/check_x")
        #expect(missing?.code == .notStarted)
        #expect(missing?.message.hasPrefix("there is no such program") == true)
    }

    @Test func aHangingCommandIsEndedWithAllItsChildren() async throws {
        try await TemporaryDirectory.with { directory in
            let pids = directory.file("pids")
            // The children hold the output open, and one of them ignores SIGTERM.
            let script = """
                sleep 300 & echo $! >> \(pids)
                (trap '' TERM; sleep 300 & echo $! >> \(pids); wait) & echo $! >> \(pids)
                echo $$ >> \(pids)
                wait
                """
            let check = try #require(ExecCheck(["/bin/sh", "-c", script]))
            let task = Task { await ExecProbe(check).failure() }
            try await eventually("all four run") { directory.lines("pids").count == 4 }
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            // Killed; whoever adopts them may take a moment to reap them.
            try await eventually("all four are gone") {
                directory.lines("pids").map(isAlive) == [false, false, false, false]
            }
        }
    }

    @Test func aCommandThatIgnoresSIGTERMIsKilledAfterItsGrace() async throws {
        try await TemporaryDirectory.with { directory in
            let script =
                "trap '' TERM; echo $$ > \(directory.file("pid")); while :; do sleep 1; done"
            let check = try #require(ExecCheck(["/bin/sh", "-c", script]))
            let task = Task { await ExecProbe(check).failure() }
            try await eventually("it runs") { directory.lines("pid").count == 1 }
            let before = ContinuousClock.now
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            #expect(ContinuousClock.now - before < .seconds(10))
            #expect(directory.lines("pid").map(isAlive) == [false])
        }
    }

    @Test func childrenLeftBehindByACommandThatPassedAreKilled() async throws {
        try await TemporaryDirectory.with { directory in
            let script = "sleep 300 & echo $! > \(directory.file("pid")); exit 0"
            #expect(await failure("/bin/sh", "-c", script) == nil)
            try await eventually("it is gone") { directory.lines("pid").map(isAlive) == [false] }
        }
    }

    @Test func aCommandThatClosesItsOutputsIsWaitedFor() async throws {
        let script = "exec >&- 2>&-; sleep 0.3; exit 4"
        #expect(await failure("/bin/sh", "-c", script)?.message == "exit status 4, without output")
    }

    @Test func aFloodOfOutputIsStopped() async throws {
        let before = ContinuousClock.now
        let flood = await failure("/bin/sh", "-c", "yes flood & yes more; wait")
        #expect(flood?.code == .output)
        #expect(flood?.message == "it wrote more than 64 KiB and was killed; make it print less")
        #expect(ContinuousClock.now - before < .seconds(10))
    }

    @Test func manyRunsLeaveNoDescriptorBehind() async throws {
        for _ in 0..<5 { _ = await failure("/bin/true") }
        let before = openDescriptors()
        for _ in 0..<50 { _ = await failure("/bin/sh", "-c", "echo x") }
        // Other tests run beside this one, and open and close theirs.
        try await eventually("fewer are open than runs were") { openDescriptors() < before + 40 }
    }

    private func failure(_ words: String...) async -> ProbeFailure? {
        guard let check = ExecCheck(words) else { return ProbeFailure(.other, "no check") }
        return await ExecProbe(check).failure()
    }

    private func openDescriptors() -> Int {
        (0..<1024).count { fcntl($0, F_GETFD) >= 0 }
    }

    /// Whether a process runs; a zombie does not.
    private func isAlive(_ pid: Substring) -> Bool {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return false }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = fread(&buffer, 1, buffer.count, file)
        let text = String(decoding: buffer.prefix(count), as: UTF8.self)
        // The state follows the name in parentheses: see proc(5).
        guard let end = text.lastIndex(of: ")") else { return false }
        return !text[end...].hasPrefix(") Z")
    }
}

extension TemporaryDirectory {
    fileprivate func lines(_ name: String) -> [Substring] {
        (read(name) ?? "").split(separator: "\n")
    }
}
