import Glibc

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
    /// - Throws: ``FileError``; the old file is then untouched and nothing of the new one is left. Only
    ///   when the very last call fails, which makes the rename survive a power cut, the new file is in
    ///   place already.
    ///
    /// See open(2), chmod(2), chown(2), fsync(2), rename(2).
    public func write(
        _ content: FileContent,
        to path: String,
        access: FileAccess
    ) throws(FileError) {
        let place = try OutputDirectory(of: path, fault: fault)
        let staged = StagedFile(for: path, number: 0)
        try stage(content, staged, in: place)
        try replace(staged, access, in: place)
    }

    /// The same, in one piece.
    public func write(
        _ bytes: [UInt8],
        to path: String,
        access: FileAccess
    ) throws(FileError) {
        try write(FileContent(bytes), to: path, access: access)
    }

    /// The same, with permissions alone.
    public func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
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
        let staged = StagedFile(for: path, number: number)
        try stage(content, staged, in: place)
        return staged
    }

    /// Puts a staged file in the place of the old one.
    ///
    /// - Throws: As ``write(_:to:access:)``.
    public func commit(_ staged: StagedFile, access: FileAccess) throws(FileError) {
        do throws(FileError) {
            try replace(staged, access, in: try OutputDirectory(of: staged.target, fault: fault))
        } catch {
            discard(staged)
            throw error
        }
    }

    /// Throws a staged file away. One that is gone already is no harm.
    public func discard(_ staged: StagedFile) {
        unlink(staged.path)
    }

    private func replace(
        _ staged: StagedFile,
        _ access: FileAccess,
        in place: borrowing OutputDirectory
    ) throws(FileError) {
        let path = staged.target
        let (directory, staging) = (place.directory, place.staging)
        do throws(FileError) {
            try give(staged, access, in: staging)
            try SystemCall.renameat.make(on: path, fault: fault) {
                renameat(staging, staged.name, directory, FileError.name(of: path))
            }
        } catch {
            unlinkat(staging, staged.name, 0)
            throw error
        }
        // The new file is in place; that its name survives a power cut is all that is missing.
        try SystemCall.fsyncDirectory.make(on: path, fault: fault) { fsync(directory) }
    }

    private func give(
        _ staged: StagedFile,
        _ access: FileAccess,
        in staging: Int32
    ) throws(FileError) {
        let path = staged.target
        try SystemCall.fchmodat.make(on: path, fault: fault) {
            fchmodat(staging, staged.name, access.mode, 0)
        }
        // After the mode: once the file is another's only that one may change it.
        guard access.owner != nil || access.group != nil else { return }
        try SystemCall.fchownat.make(on: path, fault: fault) {
            let (owner, group) = (access.owner ?? .max, access.group ?? .max)
            return fchownat(staging, staged.name, owner, group, AT_SYMLINK_NOFOLLOW)
        }
    }

    private func stage(
        _ content: FileContent,
        _ staged: StagedFile,
        in place: borrowing OutputDirectory
    ) throws(FileError) {
        let staging = place.staging
        // What a crash of an earlier run of this process number left is ours to replace.
        unlinkat(staging, staged.name, 0)
        do throws(FileError) {
            try fill(staged, with: content, in: staging)
        } catch {
            unlinkat(staging, staged.name, 0)
            throw error
        }
    }

    private func fill(
        _ staged: StagedFile,
        with content: FileContent,
        in staging: Int32
    ) throws(FileError) {
        let path = staged.target
        let file = try SystemCall.openat.make(on: path, fault: fault) {
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            return openat(staging, staged.name, flags, 0o600)
        }
        var isOpen = true
        defer { if isOpen { close(file) } }
        try write(content, to: file, path)
        try SystemCall.fsync.make(on: path, fault: fault) { fsync(file) }
        isOpen = false
        // Some file systems report a full disk or quota only here. Not to be repeated: close(2).
        if let errno = fault(.close) {
            close(file)
            throw FileError(path, .close, errno: errno)
        }
        if close(file) < 0, errno != EINTR { throw FileError(path, .close, errno: errno) }
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
