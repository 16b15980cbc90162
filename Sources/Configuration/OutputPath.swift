import Texts

/// Checks the path of an output. A path is bytes to the system, and so it is here.
enum OutputPath {
    /// The directory beside an output in which the next content is staged; it is not for outputs.
    static let stagingDirectory = ".discoveryd"

    /// Why a path cannot be an output's, as the end of a sentence that starts with `path:`, or `nil`.
    static func fault(in path: String) -> String? {
        let bytes = path.utf8
        guard bytes.first == slash else { return "must be absolute, is \(Quoted(path))" }
        guard bytes.last != slash else {
            return "must name a file, but \(Quoted(path)) ends in \"/\""
        }
        guard bytes.count <= pathBytes else {
            return "is \(bytes.count) bytes long, at most \(pathBytes)"
        }
        guard !path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return "holds a control character" }
        let names = bytes.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
        return names.lazy.compactMap(fault(inName:)).first.map { "\($0), is \(Quoted(path))" }
    }

    /// The directories on the way to a path, the root left out.
    static func directories(of path: String) -> [String] {
        let slashes = path.utf8.indices.filter { path.utf8[$0] == slash }
        return slashes.dropFirst().map { String(decoding: path.utf8[..<$0], as: UTF8.self) }
    }

    private static func fault(inName name: Substring.UTF8View) -> String? {
        switch String(decoding: name, as: UTF8.self) {
        case "": "must not contain \"//\""
        case ".": "must not contain \".\""
        case "..": "must not contain \"..\""
        case stagingDirectory:
            "must not lie in a \(stagingDirectory), where discoveryd stages its files"
        case _ where name.count > nameBytes:
            "must not contain a name longer than \(nameBytes) bytes"
        default: nil
        }
    }

    private static let slash = UInt8(ascii: "/")
    /// PATH_MAX without its NUL, less the staging directory and what a staged file's name adds.
    private static let pathBytes = 3800
    /// NAME_MAX, less what a staged file's name adds.
    private static let nameBytes = 200
}
