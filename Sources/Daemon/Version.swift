import CCommit

/// The version of this program.
package enum Version {
    /// The number; the package, the release and all that the program says of itself have it from here.
    package static let text = "0.1.0"

    /// The commit it was built from, `1a2b3c4d5e6f`, with `-dirty` when the sources differed from it; `development build`
    /// unless `make dist` made it.
    package static var commit: String { String(cString: ccommit_text()) }

    /// What `--version` prints.
    package static var line: String { "discoveryd \(text) (\(commit))" }

    /// The compiler, as far as it tells.
    static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or newer"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
