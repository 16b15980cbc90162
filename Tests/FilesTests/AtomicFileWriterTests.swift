import Files
import Foundation
import Glibc
import Synchronization
import TestKit
import Testing

@Suite struct AtomicFileWriterTests {
    private let writer = AtomicFileWriter()

    @Test func aFileIsWrittenWithItsModeAndNothingElseIsLeft() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list.json")
            let umask = umask(0o077)
            defer { Glibc.umask(umask) }
            try writer.write(Array("one".utf8), to: path, mode: 0o644)
            #expect(directory.read("list.json") == "one")
            #expect(try mode(of: path) == 0o644)
            try writer.write(Array("two".utf8), to: path, mode: 0o600)
            #expect(directory.read("list.json") == "two")
            #expect(try mode(of: path) == 0o600)
            #expect(directory.names == [".discoveryd", "list.json"])
            #expect(try mode(of: directory.file(".discoveryd")) == 0o700)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.file(".discoveryd"))
                    .isEmpty
            )
            #expect(try writer.read(path) == Array("two".utf8))
        }
    }

    /// Every call but the last one, which comes after the rename.
    @Test(
        arguments: SystemCall.allCases.filter { ![.read, .flock, .fsyncDirectory].contains($0) },
        [ENOSPC, EIO, EDQUOT, EROFS]
    )
    func aFailureOfAnySystemCallLeavesTheOldFileWholeAndTheNextTrySucceeds(
        call: SystemCall,
        number: Int32
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list.json")
            try writer.write(Array("old".utf8), to: path, mode: 0o644)
            let broken = AtomicFileWriter { $0 == call ? number : nil }
            let access = FileAccess(mode: 0o644, owner: getuid(), group: getgid())
            let error = #expect(throws: FileError.self) {
                try broken.write(Array("new".utf8), to: path, access: access)
            }
            #expect(error?.errno == number && error?.call == call.rawValue)
            #expect(directory.read("list.json") == "old")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.file(".discoveryd"))
                    .isEmpty
            )
            try writer.write(Array("new".utf8), to: path, mode: 0o644)
            #expect(directory.read("list.json") == "new")
        }
    }

    @Test func whatIsNoRegularFileIsRefusedAndLeftAsItIs() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("real", "precious")
            symlink(directory.file("real"), directory.file("link"))
            mkdir(directory.file("folder"), 0o755)
            mkfifo(directory.file("pipe"), 0o644)
            for (name, kind) in [
                ("link", "symbolic link"), ("folder", "a directory"), ("pipe", "a pipe"),
            ] {
                let error = #expect(throws: FileError.self) {
                    try writer.write([1], to: directory.file(name), mode: 0o644)
                }
                #expect(error?.code == .notARegularFile)
                #expect(error?.message.contains(kind) == true)
            }
            #expect(directory.read("real") == "precious")
        }
    }

    @Test func eachCauseHasItsOwnSentenceWithTheRemedy() async throws {
        try await TemporaryDirectory.with { directory in
            let missing = #expect(throws: FileError.self) {
                try writer.write([1], to: directory.file("no/such/list"), mode: 0o644)
            }
            #expect(missing?.code == .directoryMissing)
            #expect(missing?.message.contains("\(directory.path)/no/such does not exist") == true)
            for (number, code, words) in [
                (EROFS, FileError.Code.notPermitted, "ReadWritePaths=\(directory.path)"),
                (EACCES, .notPermitted, "systemctl edit discoveryd"),
                (ENOSPC, .noSpace, "disk is full"),
                (EDQUOT, .noSpace, "quota"), (EBUSY, .isAMountPoint, "mount its directory"),
                (EXDEV, .isAMountPoint, "another mount"),
            ] {
                let error = #expect(throws: FileError.self) {
                    try AtomicFileWriter { $0 == .renameat ? number : nil }
                        .write([1], to: directory.file("list"), mode: 0o644)
                }
                #expect(error?.code == code && error?.message.contains(words) == true, "\(number)")
            }
        }
    }

    @Test func aStagingDirectoryThatIsALinkIsNotFollowed() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file("elsewhere"), 0o755)
            symlink(directory.file("elsewhere"), directory.file(".discoveryd"))
            let error = #expect(throws: FileError.self) {
                try writer.write([1], to: directory.file("list"), mode: 0o644)
            }
            #expect(error?.code == .notARegularFile)
        }
    }

    @Test(arguments: [0o770, 0o707, 0o702, 0o1777] as [mode_t])
    func aStagingDirectoryThatOthersCanWriteIsRefusedWithTheRemedy(mode: mode_t) async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file(".discoveryd"), 0o700)
            chmod(directory.file(".discoveryd"), mode)
            let error = #expect(throws: FileError.self) {
                try writer.write([1], to: directory.file("list"), mode: 0o644)
            }
            #expect(error?.code == .notOurs)
            let words = "\(directory.path)/.discoveryd can be written to by others, mode 0"
            #expect(error?.message.contains(words) == true)
            #expect(error?.message.hasSuffix("remove it, it is created again") == true)
            #expect(directory.read("list") == nil)
            rmdir(directory.file(".discoveryd"))
            try writer.write([1], to: directory.file("list"), mode: 0o644)
        }
    }

    /// Only root can make one.
    @Test(.enabled(if: geteuid() == 0))
    func aStagingDirectoryOfAnotherUserIsRefusedWithTheRemedy() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file(".discoveryd"), 0o700)
            chown(directory.file(".discoveryd"), 12_345, 12_345)
            let error = #expect(throws: FileError.self) {
                try writer.write([1], to: directory.file("list"), mode: 0o644)
            }
            #expect(error?.code == .notOurs)
            let words = ".discoveryd belongs to another user, number 12345,"
            #expect(error?.message.contains(words) == true)
        }
    }

    /// As every version made them, and as an administrator may have opened them to readers.
    @Test(arguments: [0o700, 0o755, 0o2750] as [mode_t])
    func aStagingDirectoryOfAnEarlierRunGoesOnBeingUsed(mode: mode_t) async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file(".discoveryd"), 0o700)
            chmod(directory.file(".discoveryd"), mode)
            try writer.write(Array("new".utf8), to: directory.file("list"), mode: 0o644)
            #expect(directory.read("list") == "new")
        }
    }

    /// Somebody who can write to the directory's parent moves it away and puts a link there, between the look
    /// at it and the end.
    @Test func whatIsStagedIsCommittedWhereItWasStagedWhateverThePathLeadsToByThen() async throws {
        try await TemporaryDirectory.with { directory in
            let out = directory.file("out")
            let moved = directory.file("moved")
            let other = directory.file("other")
            mkdir(out, 0o755)
            mkdir(other, 0o755)
            let staged = try writer.stage(FileContent([1]), for: "\(out)/list", number: 1)
            let dropped = try writer.stage(FileContent([2]), for: "\(out)/list", number: 2)
            rename(out, moved)
            symlink(other, out)
            mkdir("\(other)/.discoveryd", 0o700)
            try directory.write("other/.discoveryd/list.\(getpid()).2.new", "theirs")
            writer.discard(dropped)
            try writer.commit(staged, access: FileAccess(mode: 0o640))
            #expect(TemporaryDirectory(path: moved).names == [".discoveryd", "list"])
            #expect(TemporaryDirectory(path: "\(moved)/.discoveryd").names.isEmpty)
            #expect(try mode(of: "\(moved)/list") == 0o640)
            #expect(TemporaryDirectory(path: other).names == [".discoveryd"])
            #expect(TemporaryDirectory(path: "\(other)/.discoveryd").names.count == 1)
        }
    }

    /// What stands in the place of the staged file gets neither our mode nor our owner.
    @Test func modeAndOwnerAreGivenToTheFileThatWasStagedAndNotToItsName() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            try directory.write("password", "secret")
            chmod(directory.file("password"), 0o600)
            let staged = try writer.stage(FileContent([1]), for: path, number: 1)
            unlink(staged.path)
            link(directory.file("password"), staged.path)
            try writer.commit(staged, access: FileAccess(mode: 0o644, owner: getuid()))
            #expect(try mode(of: directory.file("password")) == 0o600)
        }
    }

    @Test func leftoversBehindALinkAreNotOurs() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file("elsewhere"), 0o700)
            try directory.write("elsewhere/list.4711.new", "theirs")
            symlink(directory.file("elsewhere"), directory.file(".discoveryd"))
            writer.removeLeftovers(of: directory.file("list"))
            #expect(directory.read("elsewhere/list.4711.new") == "theirs")
        }
    }

    @Test func aStagedFileCountsOnlyWhenItIsCommitted() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            let access = FileAccess(mode: 0o640)
            let first = try writer.stage(FileContent(Array("one".utf8)), for: path, number: 1)
            let second = try writer.stage(FileContent(Array("two".utf8)), for: path, number: 2)
            #expect(directory.read("list") == nil)
            #expect(try writer.read(first.path) == Array("one".utf8))
            writer.discard(first)
            #expect(try mode(of: second.path) == 0o600)
            try writer.commit(second, access: access)
            #expect(directory.read("list") == "two")
            #expect(try mode(of: path) == 0o640)
            #expect(directory.names == [".discoveryd", "list"])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.file(".discoveryd"))
                    .isEmpty
            )
        }
    }

    /// Only root can give a file away; others are told what to do.
    @Test func aFileIsGivenToItsOwnerAndGroupOrTheRemedyIsSaid() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            let access = FileAccess(mode: 0o640, owner: 12_345, group: 54_321)
            if geteuid() == 0 {
                try writer.write([1], to: path, access: access)
                var status = stat()
                try #require(lstat(path, &status) == 0)
                #expect(status.st_uid == 12_345 && status.st_gid == 54_321)
                #expect(try mode(of: path) == 0o640)
            }
            let refused = AtomicFileWriter { $0 == .fchown ? EPERM : nil }
            let error = #expect(throws: FileError.self) {
                try refused.write([1], to: path, access: access)
            }
            #expect(error?.message.contains("Examples/owner/owner.conf") == true)
        }
    }

    @Test func leftoversOfACrashAreRemovedAndOthersFilesAreNot() async throws {
        try await TemporaryDirectory.with { directory in
            mkdir(directory.file(".discoveryd"), 0o700)
            try directory.write(".discoveryd/list.json.4711.new", "half")
            try directory.write(".discoveryd/list.json.4711.12.new", "half")
            try directory.write(".discoveryd/list.json.4.4711.12.new", "theirs")
            try directory.write(".discoveryd/other.json.4711.new", "theirs")
            writer.removeLeftovers(of: directory.file("list.json"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.file(".discoveryd"))
                    .sorted() == ["list.json.4.4711.12.new", "other.json.4711.new"]
            )
        }
    }

    @Test func aReaderNeverSeesATornFile() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("list")
            let versions = (0..<8).map {
                [UInt8](repeating: UInt8(0x61 + $0), count: 20_000 * ($0 + 1))
            }
            try writer.write(versions[0], to: path, mode: 0o644)
            let isDone = Atomic(false)
            let reads = Atomic(0)
            let torn = Atomic(0)
            let reader = Thread {
                while !isDone.load(ordering: .relaxed) {
                    guard let data = try? Data(contentsOf: URL(filePath: path)) else {
                        torn.add(1, ordering: .relaxed)
                        continue
                    }
                    if !versions.contains(Array(data)) { torn.add(1, ordering: .relaxed) }
                    reads.add(1, ordering: .relaxed)
                }
            }
            reader.start()
            for round in 0..<2000 where reads.load(ordering: .relaxed) < 20_000 {
                try writer.write(versions[round % versions.count], to: path, mode: 0o644)
            }
            isDone.store(true, ordering: .relaxed)
            #expect(torn.load(ordering: .relaxed) == 0)
            #expect(reads.load(ordering: .relaxed) > 0)
        }
    }

    /// In a process of its own: a program that another test starts holds a copy of every descriptor
    /// between its fork and its exec, and when that is the last one the kernel tells of a close too.
    @Test func aWatcherOfTheDirectoryIsWokenOncePerWrite() async {
        await #expect(processExitsWith: .success) {
            let writer = AtomicFileWriter()
            try await TemporaryDirectory.with { directory in
                try writer.write([1], to: directory.file("list"), mode: 0o644)
                let watcher = try DirectoryWatcher(directory.path)
                for value in 2..<7 as Range<UInt8> {
                    try writer.write([value], to: directory.file("list"), mode: 0o644)
                    let events = watcher.events
                    try #require(events.map(\.name) == ["list"])
                    try #require(events.map(\.mask) == [UInt32(IN_MOVED_TO)])
                }
            }
        }
    }

    private func mode(of path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o777
    }
}
