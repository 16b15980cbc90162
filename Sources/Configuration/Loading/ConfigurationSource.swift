/// Reads configuration files from a place: the disk, or a test's memory.
package struct ConfigurationSource: Sendable {
    /// Reads a whole file of at most `limit` bytes. The null device, or a symbolic link to it, is an
    /// empty file.
    var readFile: @Sendable (_ path: String, _ limit: Int) throws(Failure) -> [UInt8]
    /// The names in a directory, `.` and `..` left out, in any order.
    var listDirectory: @Sendable (_ path: String) throws(Failure) -> [String]
    /// Whether a file can be read, without reading it; who else can.
    var lookAtFile: @Sendable (_ path: String) throws(Failure) -> FileMode
    /// Whether there is such a program, by its path or by its name among those that programs are looked
    /// for in.
    var hasProgram: @Sendable (_ name: String) -> Bool
    /// The places that a path leads through.
    package var places: @Sendable (_ path: String) -> Set<DiskPlace> = { [.path($0)] }
    /// The directory of the unit's credentials; `nil` when there is none.
    package var credentials: String?

    /// Why a file or a directory cannot be read.
    package enum Failure: Error, Equatable {
        /// There is nothing of that name.
        case missing
        /// It is not a file: a directory, a pipe, a device.
        case notAFile
        /// It is larger than the limit.
        case tooLarge
        /// The system's error number, for anything else.
        case system(Int32)
    }
}
