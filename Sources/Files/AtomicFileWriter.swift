import Glibc
import Synchronization

/// Replaces files whole or not at all.
///
/// A file is staged in a directory of ours beside it and renamed into place: a reader that opens it
/// at any instant sees the old or the new one, complete, and a watcher of the directory is woken
/// once. There is no fallback that writes in place.
public struct AtomicFileWriter: Sendable {
    /// The staging directory, inside the directory of the file (a sibling may be another mount), mode
    /// 0700, so that nobody sees what is not finished. A leading dot keeps `*.conf` globs off it.
    public static let stagingName = ".discoveryd"

    /// How many pieces go into one writev(2); IOV_MAX of limits.h is 1024.
    private static let piecesAtOnce = 128

    let fault: FileFault

    /// A writer; `fault` is for tests.
    public init(fault: @escaping FileFault = { _ in nil }) {
        self.fault = fault
    }

    /// Replaces a file.
    ///
    /// - Parameters:
    ///   - content: Its new content.
    ///   - path: Absolute. Its directory exists; it is a regular file or does not exist.
    ///   - access: Whose it is and who may do what with it, whatever the umask.
    /// - Returns: What tells the new file from any other that may take its place.
    /// - Throws: ``FileError``; the old file is then untouched and nothing of the new one is left. Only
    ///   when the very last call fails, which makes the rename survive a power cut, the new file is in
    ///   place already.
    ///
    /// Mode and owner are given to the file that is open, and it is moved from one directory that is open to
    /// the other: somebody who can write to the directory can redirect nothing. See open(2), fchmod(2),
    /// fchown(2), fsync(2), renameat(2).
    @discardableResult
    public func write(
        _ content: FileContent,
        to path: String,
        access: FileAccess
    ) throws(FileError) -> Identity {
        try commit(try stage(content, for: path, number: 0), access: access)
    }

    /// The same, in one piece.
    @discardableResult
    public func write(
        _ bytes: [UInt8],
        to path: String,
        access: FileAccess
    ) throws(FileError) -> Identity {
        try write(FileContent(bytes), to: path, access: access)
    }

    /// The same, with permissions alone.
    @discardableResult
    public func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32
    ) throws(FileError) -> Identity {
        try write(bytes, to: path, access: FileAccess(mode: mode))
    }

    /// Makes a new content ready beside a file: the first half of ``write(_:to:access:)``, so that
    /// somebody can look at it before it counts. Until it is committed nobody but we can read it.
    ///
    /// - Parameter number: Tells apart what is staged for one path at one time.
    /// - Returns: What is to be committed or discarded, exactly once.
    /// - Throws: ``FileError``; nothing is left then.
    public func stage(
        _ content: FileContent,
        for path: String,
        number: Int
    ) throws(FileError) -> StagedFile {
        let place = try OutputDirectory(of: path, fault: fault)
        let staged = try StagedFile(
            for: path,
            number: number,
            count: content.count,
            in: place,
            fault: fault
        )
        do throws(FileError) {
            try write(content, to: staged.file, path)
        } catch {
            staged.remove()
            throw error
        }
        return staged
    }

    /// Puts a staged file in the place of the old one.
    ///
    /// - Returns: What tells the new file from any other that may take its place.
    /// - Throws: As ``write(_:to:access:)``.
    @discardableResult
    public func commit(
        _ staged: StagedFile,
        access: FileAccess
    ) throws(FileError) -> Identity {
        let path = staged.target
        let (directory, staging) = (staged.place.directory, staged.place.staging)
        let identity: Identity
        do throws(FileError) {
            try give(staged, access)
            // With its mode and its owner: what a power cut leaves of it is right as well.
            try SystemCall.fsync.make(on: path, fault: fault) { fsync(staged.file) }
            var status = stat()
            try SystemCall.fstat.make(on: path, fault: fault) { fstat(staged.file, &status) }
            identity = Identity(status)
            try staged.close(fault: fault)
            try SystemCall.renameat.make(on: path, fault: fault) {
                renameat(staging, staged.name, directory, FileError.name(of: path))
            }
        } catch {
            staged.remove()
            throw error
        }
        // The new file is in place; that its name survives a power cut is all that is missing.
        try SystemCall.fsyncDirectory.make(on: path, fault: fault) { fsync(directory) }
        return identity
    }

    /// Throws a staged file away. One that is gone already is no harm.
    public func discard(_ staged: StagedFile) {
        staged.remove()
    }

    private func give(_ staged: StagedFile, _ access: FileAccess) throws(FileError) {
        let path = staged.target
        try SystemCall.fchmod.make(on: path, fault: fault) { fchmod(staged.file, access.mode) }
        // After the mode: once the file is another's only that one may change it.
        guard access.owner != nil || access.group != nil else { return }
        try SystemCall.fchown.make(on: path, fault: fault) {
            fchown(staged.file, access.owner ?? .max, access.group ?? .max)
        }
    }

    /// Straight from the pieces, many in one call.
    private func write(
        _ content: FileContent,
        to file: Int32,
        _ path: String
    ) throws(FileError) {
        var pieces = content.pieces.filter { !$0.isEmpty }[...]
        while !pieces.isEmpty {
            var vectors: [iovec] = []
            vectors.reserveCapacity(Self.piecesAtOnce)
            try gather(pieces.prefix(Self.piecesAtOnce), into: &vectors, file, path)
            pieces = pieces.dropFirst(Self.piecesAtOnce)
        }
    }

    /// Holds the memory of one piece after the other, and writes when all are held.
    private func gather(
        _ pieces: ArraySlice<[UInt8]>,
        into vectors: inout [iovec],
        _ file: Int32,
        _ path: String
    ) throws(FileError) {
        guard let piece = pieces.first else { return try write(&vectors, to: file, path) }
        try piece.withUnsafeBufferPointer { bytes throws(FileError) in
            vectors.append(
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    iov_len: bytes.count
                )
            )
            try gather(pieces.dropFirst(), into: &vectors, file, path)
        }
    }

    /// Writes until all is written; see writev(2).
    private func write(
        _ vectors: inout [iovec],
        to file: Int32,
        _ path: String
    ) throws(FileError) {
        var first = 0
        while first < vectors.count {
            var written = try SystemCall.write.make(on: path, fault: fault) {
                vectors[first...].withUnsafeBufferPointer {
                    writev(file, $0.baseAddress, Int32($0.count))
                }
            }
            while first < vectors.count, written >= vectors[first].iov_len {
                written -= vectors[first].iov_len
                first += 1
            }
            guard first < vectors.count, written > 0 else { continue }
            vectors[first].iov_base = vectors[first].iov_base?.advanced(by: written)
            vectors[first].iov_len -= written
        }
    }
}

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
