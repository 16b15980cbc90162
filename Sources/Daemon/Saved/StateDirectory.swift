import EndpointFiles
package import Files
import FoundationEssentials
import Glibc
package import Registry

/// Reads and writes what one run of the daemon leaves for the next: its lease, its drains, the health of its services, and
/// the last list.
///
/// Without a directory nothing is saved, and the daemon runs all the same. All of this reads and writes a disk that
/// may hang: it is done on the directory's thread, see ``BlockingThreads``.
package struct StateDirectory: Sendable {
    package let path: String
    private let writer: AtomicFileWriter

    /// - Parameter writer: For tests.
    package init(path: String, writer: AtomicFileWriter = AtomicFileWriter()) {
        self.path = path
        self.writer = writer
    }

    /// The directory that systemd made for the unit; `nil` outside of one.
    ///
    /// See systemd.exec(5), `StateDirectory=`.
    package static var ofUnit: StateDirectory? {
        guard let text = getenv("STATE_DIRECTORY").map({ String(cString: $0) }),
            let first = text.split(separator: ":").first, first.hasPrefix("/")
        else { return nil }
        return StateDirectory(path: String(first))
    }

    /// The file that is locked for all of them.
    package var lockedPath: String { leasePath }

    /// All files that are saved in it.
    package var files: [String] { [leasePath, drainsPath, healthPath, listPath] }

    // MARK: the lease

    private var leasePath: String { "\(path)/lease.json" }

    /// The lease of an earlier run. A file that cannot be read is as good as none.
    package var lease: SavedLease? {
        guard let bytes = try? writer.read(leasePath, limit: 4096) else { return nil }
        return SavedLease(bytes)
    }

    /// Removes what a crash in the midst of writing left.
    func removeLeftovers() {
        for path in [leasePath, drainsPath, healthPath] { writer.removeLeftovers(of: path) }
    }

    /// Saves a lease for the next run.
    func save(_ lease: SavedLease) throws(FileError) {
        try writer.write(lease.bytes, to: leasePath, mode: 0o600)
    }

    /// There is no lease to go on with any more.
    func forgetLease() {
        // What stays is asked for at the next start, and found gone.
        unlink(leasePath)
    }

    // MARK: drains

    private var drainsPath: String { "\(path)/drains.json" }

    /// What an earlier run was told to drain. A file that cannot be read is as good as none.
    var drains: [SavedDrain] {
        guard let bytes = try? writer.read(drainsPath, limit: 1 << 20) else { return [] }
        return SavedDrain.read(bytes) ?? []
    }

    /// Saves the drains for the next run.
    func save(_ drains: [SavedDrain]) throws(FileError) {
        try writer.write(SavedDrain.bytes(of: drains), to: drainsPath, mode: 0o600)
    }

    // MARK: health

    private var healthPath: String { "\(path)/unwell.json" }

    /// The services that an earlier run had taken out because a check failed. A file that cannot be read
    /// is as good as none.
    var unwell: Set<ServiceKey> {
        guard let bytes = try? writer.read(healthPath, limit: 1 << 20),
            let texts = try? JSONDecoder().decode([String].self, from: Data(bytes))
        else { return [] }
        return Set(texts.compactMap(ServiceKey.init(saved:)))
    }

    /// Saves them for the next run.
    func save(unwell: Set<ServiceKey>) throws(FileError) {
        // Texts cannot fail to be encoded.
        let json = try? JSONEncoder().encode(unwell.sorted().map(\.description))
        try writer.write((json.map { [UInt8]($0) } ?? []) + [0x0a], to: healthPath, mode: 0o600)
    }

    // MARK: the last list

    /// Where the last list is saved, as JSON, all services.
    var listPath: String { "\(path)/last-list.json" }

    /// Whether an earlier run left a list, readable or not.
    var hasLastList: Bool { access(listPath, F_OK) == 0 }

    /// The last list of an earlier run, and since when it is true. A file that cannot be read is as good as
    /// none.
    func lastList(of prefix: RegistryPrefix) -> (list: TableUpdate, since: Date)? {
        guard let bytes = try? writer.read(listPath),
            let list = JSONListReader.read(bytes, prefix: prefix)
        else { return nil }
        guard let changed = writer.identity(of: listPath)?.changed else { return nil }
        return (list, Date(timeIntervalSince1970: TimeInterval(changed.components.seconds)))
    }
}

extension ServiceKey {
    /// Reads `service/instance`, as it was saved.
    fileprivate init?(saved text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let service = ServiceName(declared: String(parts[0])),
            let instance = InstanceID(declared: String(parts[1]))
        else { return nil }
        self.init(service: service, instance: instance)
    }
}
