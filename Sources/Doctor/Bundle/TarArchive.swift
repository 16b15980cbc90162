/// An archive of a few files in memory, see pax(1), "ustar Interchange Format".
struct TarArchive {
    private static let block = 512

    /// The archive; its end is marked by ``finish()``.
    private var bytes: [UInt8] = []

    /// Adds a file that only its owner may read.
    ///
    /// - Parameters:
    ///   - path: At most 100 bytes.
    ///   - time: When it was made, in seconds since 1970.
    mutating func add(_ path: String, _ content: [UInt8], time: Int) {
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: String, at place: Int, _ length: Int) {
            for (index, byte) in text.utf8.prefix(length).enumerated() {
                header[place + index] = byte
            }
        }
        func octal(_ number: Int, _ length: Int) -> String {
            let digits = String(max(0, number), radix: 8)
            return String(repeating: "0", count: max(0, length - 1 - digits.count)) + digits
        }
        put(path, at: 0, 100)
        put(octal(0o600, 8), at: 100, 8)
        put(octal(0, 8), at: 108, 8)
        put(octal(0, 8), at: 116, 8)
        put(octal(content.count, 12), at: 124, 12)
        put(octal(time, 12), at: 136, 12)
        put("        ", at: 148, 8)
        put("0", at: 156, 1)
        put("ustar", at: 257, 6)
        put("00", at: 263, 2)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, 7) + "\0 ", at: 148, 8)
        bytes += header + content
        pad(to: Self.block)
    }

    /// The whole archive.
    mutating func finish() -> [UInt8] {
        bytes += [UInt8](repeating: 0, count: 2 * Self.block)
        return bytes
    }

    private mutating func pad(to block: Int) {
        let rest = bytes.count % block
        if rest > 0 { bytes += [UInt8](repeating: 0, count: block - rest) }
    }
}
