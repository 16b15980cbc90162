import Files
import Glibc
import Machines
import Synchronization
import TestKit
import Testing

/// Calls that may hang, on threads of their own.
@Suite(.timeLimit(.minutes(1))) struct BlockingThreadTests {
    @Test func callsAreMadeInOrderOnOneThreadThatBearsItsName() async throws {
        let thread = BlockingThread("/run/discoveryd/a-long-name")
        let order = Recorder<Int>()
        let threads = Recorder<String>()
        for number in 1...100 {
            thread.add {
                order.record(number)
                threads.record(Self.thread())
            }
        }
        #expect(await thread.run { Self.nameOfThread() } == "ryd/a-long-name\n")
        #expect(order.all == Array(1...100))
        #expect(Set(threads.all).count == 1)
    }

    @Test func aThreadStaysForAWhileAndThenEnds() async throws {
        let thread = BlockingThread("state", linger: .seconds(3))
        let first = await thread.run { Self.thread() }
        let second = await thread.run { Self.thread() }
        #expect(first == second)
        // The answer is there a moment before the thread knows that it has nothing more to do.
        try await eventually("it is at rest") { thread.status.busyFor == nil }
        try await eventually("it ends") { !thread.status.isAlive }
        // And another one comes when it is needed.
        #expect(await thread.run { true } == true)
    }

    @Test func oneThatHangsHoldsUpNoOtherAndIsSeenToHang() async throws {
        let threads = BlockingThreads()
        let hang = Hang()
        let stuck = threads.directory("/mnt/dead")
        stuck.add { hang.wait() }
        try await eventually("it hangs") { hang.count == 1 }
        // As many as there are threads in the pool, and more.
        for number in 0..<20 {
            let other = threads.file("/run/\(number)/list.json")
            #expect(await other.run { number } == number)
        }
        try await eventually("it is seen") {
            threads.statuses["/mnt/dead"]?.busyFor ?? .zero > .milliseconds(50)
        }
        #expect(threads.statuses["/run/3"]?.busyFor == .zero)
        hang.release()
        try await eventually("it goes on") { threads.statuses["/mnt/dead"]?.busyFor == .zero }
    }

    @Test func whoIsCancelledIsToldAtOnceAndNothingPilesUpBehindOneThatHangs() async throws {
        let thread = BlockingThread("dns")
        let hang = Hang()
        thread.add { hang.wait() }
        try await eventually("it hangs") { hang.count == 1 }
        let made = Atomic(0)
        for _ in 0..<100 {
            let answer = try await within(.milliseconds(2)) {
                await thread.run { made.wrappingAdd(1, ordering: .relaxed).newValue }
            }
            #expect((answer ?? nil) == nil)
        }
        #expect(thread.status.waiting == 0)
        hang.release()
        #expect(await thread.run { made.load(ordering: .relaxed) } == 0)
    }

    @Test func whatIsUnderWayIsWaitedForALittleAfterACancellation() async throws {
        let thread = BlockingThread("files")
        let hang = Hang()
        let answer = await withTaskGroup(of: Int?.self) { group in
            group.addTask {
                await thread.run(grace: .seconds(30)) {
                    hang.wait()
                    return 7
                }
            }
            await hang.happened()
            group.cancelAll()
            hang.release()
            return await group.next() ?? nil
        }
        #expect(answer == 7)
    }

    @Test func ofManyValuesTheNewestIsWrittenWhenTheDiskAnswers() async throws {
        let thread = BlockingThread("state")
        let hang = Hang()
        let written = Recorder<Int>()
        let writer = CoalescingWriter<Int>(on: thread) { value in
            hang.wait()
            written.record(value)
        }
        writer.put(0)
        try await eventually("the disk hangs") { hang.count == 1 }
        for value in 1...10_000 { writer.put(value) }
        #expect(thread.status.waiting == 0)
        #expect(await !writer.flush(within: .milliseconds(20)))
        hang.release()
        #expect(await writer.flush(within: .seconds(10)))
        #expect(written.all == [0, 10_000])
        writer.put(10_001)
        #expect(await writer.flush(within: .seconds(10)))
        #expect(written.all.last == 10_001)
    }

    /// Which thread this is: the first number of its stat; see proc(5).
    private static func thread() -> String {
        String(ofThread("stat").prefix { $0 != " " })
    }

    private static func nameOfThread() -> String { ofThread("comm") }

    private static func ofThread(_ name: String) -> String {
        let file = open("/proc/thread-self/\(name)", O_RDONLY)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 1000)
        let count = read(file, &text, text.count)
        return String(decoding: text.prefix(max(0, count)), as: UTF8.self)
    }
}
