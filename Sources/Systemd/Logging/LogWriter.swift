internal import Glibc
import Texts

/// Writes the lines of a text log.
public struct LogWriter: Sendable {
    private let writeLine: @Sendable (String) -> Void

    /// Creates a writer.
    ///
    /// - Parameter write: Takes one line, with its newline. May be called from several threads at
    ///   once, and must keep the lines apart.
    public init(_ write: @escaping @Sendable (_ line: String) -> Void) {
        self.writeLine = write
    }

    /// Writes to standard error, each line with one write(2): what another thread or process writes
    /// to the same pipe, socket or terminal does not get in between.
    public static let standardError = LogWriter.descriptor(STDERR_FILENO)

    /// Writes to the open file descriptor `descriptor`, which is not closed.
    static func descriptor(_ descriptor: Int32) -> LogWriter {
        LogWriter { line in
            var line = line
            line.withUTF8 { Self.write(UnsafeRawBufferPointer($0), to: descriptor) }
        }
    }

    /// Takes one line, cuts it to ``LogText/byteLimit``, and writes it with its newline.
    func write(line: String) {
        self.writeLine(OneLine.bounded(line, to: LogText.byteLimit) + "\n")
    }

    /// See write(2). A second call is made only for what the first one did not take. A log that
    /// cannot be written (no reader, full disk, a full pipe that does not block) is dropped: there
    /// is nowhere left to say so, and the service must go on. That a pipe without a reader raises
    /// SIGPIPE is the program's to ignore; systemd does (`IgnoreSIGPIPE=`).
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = Glibc.write(descriptor, part.baseAddress, part.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written == 0 || errno != EINTR {
                return
            }
        }
    }
}
