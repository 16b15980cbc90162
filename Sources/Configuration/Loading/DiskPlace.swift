import Glibc

/// Identifies the place of a file, existing or not, by whatever path it is called: a name in a directory.
package enum DiskPlace: Hashable, Sendable {
    /// A name in the directory of that number, see stat(2).
    case entry(name: String, device: UInt64, directory: UInt64)
    /// A path whose directory is not there.
    case path(String)

    /// The places that a path leads through: its own, and those of the symbolic links that it follows.
    package static func all(on path: String) -> Set<DiskPlace> {
        var places: Set<DiskPlace> = []
        var path = path
        // As many as the kernel follows, which would also end a circle; see path_resolution(7).
        for _ in 0...40 {
            let slash = path.lastIndex(of: "/")
            let directory = slash.map { String(path[...$0]) } ?? "./"
            let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
            var status = stat()
            guard stat(directory, &status) == 0 else {
                places.insert(.path(path))
                break
            }
            places.insert(
                .entry(
                    name: name,
                    device: UInt64(status.st_dev),
                    directory: UInt64(status.st_ino)
                )
            )
            guard let target = Self.target(of: path) else { break }
            path = target.hasPrefix("/") ? target : directory + target
        }
        return places
    }

    /// Where a symbolic link leads; `nil` for anything else. See readlink(2).
    private static func target(of path: String) -> String? {
        var room = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &room, room.count)
        guard count > 0 else { return nil }
        return String(
            decoding: room.prefix(count).map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }
}
