import Glibc

/// What a program that watches a directory is told of it; see inotify(7).
public final class DirectoryWatcher {
    /// One event, as the kernel tells it.
    public struct Event {
        /// The name in the directory.
        public let name: String
        /// The bits of inotify(7).
        public let mask: UInt32
    }

    private let descriptor: Int32

    /// Every change; that somebody opens or reads something there is none.
    private static let changes = UInt32(
        IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB
    )

    /// Watches a directory.
    public init(_ directory: String) throws {
        descriptor = inotify_init1(Int32(IN_NONBLOCK))
        guard inotify_add_watch(descriptor, directory, Self.changes) >= 0 else {
            throw DidNotHappen(description: "\(directory) cannot be watched: errno \(errno)")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Those since it was asked last.
    public var events: [Event] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &buffer, buffer.count)
        var events: [Event] = []
        var offset = 0
        while offset < count {
            let (mask, length) = buffer.withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                    Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                )
            }
            let name = buffer[(offset + 16)..<(offset + 16 + length)].prefix { $0 != 0 }
            events.append(Event(name: String(decoding: name, as: UTF8.self), mask: mask))
            offset += 16 + length
        }
        return events
    }
}
