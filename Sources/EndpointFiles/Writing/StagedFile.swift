import Glibc

/// A content that is ready to take the place of a file, in the staging directory beside it.
public struct StagedFile: Hashable, Sendable {
    /// The file it is for.
    public let target: String
    /// Its name in the staging directory: the target's, our process, its number, `new`.
    let name: String

    init(for target: String, number: Int) {
        self.target = target
        name = "\(FileError.name(of: target)).\(getpid()).\(number).new"
    }

    /// Where it is now.
    public var path: String {
        "\(FileError.directory(of: target))/\(AtomicFileWriter.stagingName)/\(name)"
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
