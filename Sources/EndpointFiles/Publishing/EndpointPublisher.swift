public import Registry
import Synchronization

/// Keeps files equal to the list: runs a ``PublisherMachine`` on the file system.
///
/// Files are written by the loop itself, one after the other, so a file system that hangs shows in
/// ``laps``. The files stay when the publisher ends.
public final class EndpointPublisher: Sendable {
    /// What is known of one file.
    private struct File {
        var renderer: any ListRenderer
        var rejections: RejectionLedger
        /// The list that the file holds.
        var held: RenderedList?
        /// The file as we left it.
        var identity: AtomicFileWriter.Identity?
        var wasRead = false
    }

    private let prefix: RegistryPrefix
    private let writer: AtomicFileWriter
    private let observe: @Sendable (PublishReport) -> Void
    private let driver: MachineDriver<PublisherMachine>
    private let files = Mutex<[String: File]>([:])
    private let rejected = Mutex<[String: Int]>([:])

    /// A publisher that does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - prefix: Where the list is read; it stands in the files.
    ///   - observe: Told what there is to log and to count, in order; must not wait.
    public init(
        prefix: RegistryPrefix,
        generator: SeededGenerator,
        timeline: Timeline,
        writer: AtomicFileWriter = AtomicFileWriter(),
        observe: @escaping @Sendable (PublishReport) -> Void = { _ in }
    ) {
        self.prefix = prefix
        self.writer = writer
        self.observe = observe
        driver = MachineDriver(PublisherMachine(generator: generator), timeline: timeline)
    }

    /// Names the files to keep. One that is no longer named stays as it is.
    public func setOutputs(_ outputs: [EndpointOutput]) {
        driver.happened { machine, now in machine.outputsChanged(to: outputs, at: now) }
    }

    /// There is a new list.
    public func publish(_ update: TableUpdate) {
        driver.happened { machine, now in machine.listChanged(to: update, at: now) }
    }

    /// There is a list of an earlier run, good enough where there is no file at all.
    public func offer(_ older: TableUpdate) {
        driver.happened { machine, _ in machine.olderListFound(older) }
    }

    /// How each output stands, by its path.
    public var statuses: [String: OutputStatus] { driver.read { $0.statuses } }

    /// How many endpoints and services each output leaves out because its format cannot carry them,
    /// by its path.
    public var rejectionCounts: [String: Int] { rejected.withLock { $0 } }

    /// Whether each output holds a list of this run.
    public var hasWrittenAll: Bool { driver.read { $0.hasWrittenAll } }

    /// Whether each output holds all that it shows of the list up to `revision`.
    public func hasWritten(upTo revision: Revision) -> Bool {
        driver.read { $0.hasWritten(upTo: revision) }
    }

    /// Proof of progress; see ``MachineDriver/laps``.
    public var laps: UInt64 { driver.laps }

    /// Sends the loop round once.
    public func poke() { driver.poke() }

    /// Writes until the task is cancelled.
    public func run() async {
        await driver.run { [self] action in
            switch action {
            case .write(let output, let update, let number): write(output, update, number)
            case .look(let path, let number): look(path, number)
            case .check(let path): check(path)
            case .forget(let path):
                _ = files.withLock { $0.removeValue(forKey: path) }
                _ = rejected.withLock { $0.removeValue(forKey: path) }
            case .report(let report): observe(report)
            }
            return nil
        }
    }

    private func write(_ output: EndpointOutput, _ update: TableUpdate, _ number: Int) {
        let path = output.path
        var file =
            files.withLock { $0.removeValue(forKey: path) }
            ?? File(
                renderer: output.renderer(prefix: prefix),
                rejections: RejectionLedger(path: path)
            )
        let rendering = file.renderer.render(update)
        let list = rendering.list
        rejected.withLock { $0[path] = rendering.rejections.count }
        file.rejections.listRendered(leavingOut: rendering.rejections).forEach(observe)
        do throws(FileError) {
            let isSame = try holds(list, path, &file)
            if !isSame { try writer.write(list.bytes, to: path, mode: output.mode) }
            file.held = list
            file.identity = writer.identity(of: path)
            driver.happened { machine, now in
                machine.writeEnded(
                    path,
                    number: number,
                    revision: list.revision,
                    bytes: isSame ? nil : list.bytes.count,
                    at: now
                )
            }
        } catch {
            // What the file holds now is looked at again before the next try.
            file.held = nil
            file.wasRead = false
            driver.happened { machine, now in
                machine.writeFailed(path, number: number, error, at: now)
            }
        }
        files.withLock { [file] in $0[path] = file }
    }

    private func look(_ path: String, _ number: Int) {
        let exists = writer.identity(of: path) != nil
        driver.happened { machine, now in
            machine.fileLooked(path, number: number, exists: exists, at: now)
        }
    }

    private func check(_ path: String) {
        let isAltered = files.withLock { files in
            guard let file = files[path], file.held != nil else { return false }
            guard file.identity != writer.identity(of: path) else { return false }
            files[path]?.held = nil
            return true
        }
        guard isAltered else { return }
        driver.happened { machine, now in machine.fileAltered(path, at: now) }
    }

    /// Whether the file holds the list already: known from the last write, or read once at the start.
    private func holds(
        _ list: RenderedList,
        _ path: String,
        _ file: inout File
    ) throws(FileError) -> Bool {
        if let held = file.held {
            return list.isSameList(as: held) && file.identity == writer.identity(of: path)
        }
        guard !file.wasRead else { return false }
        file.wasRead = true
        writer.removeLeftovers(of: path)
        // A file that cannot be read is one that has to be written; that will say what is wrong.
        guard let bytes = try? writer.read(path) else { return false }
        return list.isSameList(as: bytes)
    }
}
