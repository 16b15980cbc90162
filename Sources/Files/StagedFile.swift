import Glibc
import Synchronization

/// A content that is ready to take the place of a file, in the staging directory beside it.
///
/// Holds the file and both directories open until it is gone: what is committed is what was staged, and where,
/// whatever their paths lead to by then.
public final class StagedFile: Equatable, Sendable {
    /// The file it is for.
    public let target: String
    /// Its name in the staging directory: the target's, our process, its number, `new`.
    let name: String
    let place: OutputDirectory
    /// How many bytes it is to hold.
    public let count: Int
    /// Open for writing, until ``close(fault:)``.
    let file: Int32
    private let isClosed = Atomic(false)

    /// Makes an empty file that nobody but we can read.
    ///
    /// - Throws: ``FileError``.
    init(
        for target: String,
        number: Int,
        count: Int,
        in place: consuming OutputDirectory,
        fault: FileFault
    ) throws(FileError) {
        let name = "\(FileError.name(of: target)).\(getpid()).\(number).new"
        let staging = place.staging
        // What a crash of an earlier run of this process number left is ours to replace.
        unlinkat(staging, name, 0)
        file = try SystemCall.openat.make(on: target, fault: fault) {
            openat(staging, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        self.target = target
        self.name = name
        self.count = count
        self.place = place
    }

    deinit {
        if !isClosed.load(ordering: .relaxed) { Glibc.close(file) }
    }

    /// Where it is now, for a program that is to look at it.
    public var path: String {
        "\(FileError.directory(of: target))/\(AtomicFileWriter.stagingName)/\(name)"
    }

    /// Whether both are the same file.
    public static func == (left: StagedFile, right: StagedFile) -> Bool { left === right }

    /// Closes the file. Some file systems report a full disk or quota only here.
    ///
    /// - Throws: ``FileError``; it is closed then too, and must not be closed again: close(2).
    func close(fault: FileFault) throws(FileError) {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        let result = Glibc.close(file)
        let number = errno
        if let errno = fault(.close) { throw FileError(target, .close, errno: errno) }
        if result < 0, number != EINTR { throw FileError(target, .close, errno: number) }
    }

    /// Removes it. One that is gone already is no harm.
    func remove() {
        unlinkat(place.staging, name, 0)
    }

    /// Whether a name in the staging directory is one that is given for a target of that name. What is
    /// staged for `list.4` is none of `list`.
    static func isName(_ name: String, for target: String) -> Bool {
        guard name.hasPrefix("\(target)."), name.hasSuffix(".new") else { return false }
        let middle = name.utf8.dropFirst(target.utf8.count + 1).dropLast(4)
        let numbers = middle.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return (1...2).contains(numbers.count)
            && numbers.allSatisfy { digits in
                !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
            }
    }
}
