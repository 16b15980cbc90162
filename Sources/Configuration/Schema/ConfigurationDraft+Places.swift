import EndpointFiles
import LocalServer
import Texts

// Outputs whose file is another's: written, it would destroy what the daemon reads or what another output
// writes.
extension ConfigurationDraft {
    /// Takes those outputs out. Version 0.1.0 began with them, so they cost themselves and nothing else.
    ///
    /// - Parameters:
    ///   - main: The main file; its directory of others is beside it.
    ///   - files: The configuration files.
    ///   - reserved: What else the daemon reads and writes.
    /// - Returns: What is said of each.
    mutating func leaveOutTakenPlaces(
        main: String,
        files: [String],
        reserved: [ReservedFile],
        source: ConfigurationSource
    ) -> [ConfigurationFault] {
        var taken: [DiskPlace: String] = [:]
        func take(_ path: String, _ what: String) {
            for place in source.places(path) where taken[place] == nil { taken[place] = what }
        }
        for file in [main] + files { take(file, "the configuration file \(Quoted(file))") }
        for (key, file) in secured {
            take(file.path(credentials: source.credentials), "the \(key) of [etcd]")
        }
        for template in outputs.compactMap(\.value.template) {
            for file in template.files { take(file, "a template, \(Quoted(file))") }
        }
        for file in reserved { take(file.path, file.what) }
        if case .unix(let path)? = merged.metrics.listen { take(path, "the socket of [metrics]") }

        var left: [ConfigurationFault] = []
        // The same path twice is a fault that is found later; here they may only be two words for one file.
        var written: [DiskPlace: (path: String, place: SourcePlace)] = [:]
        outputs.removeAll { declared in
            let path = declared.value.path
            let name = String(path.split(separator: "/").last ?? "")
            let own = source.places(path)
            var owner = own.compactMap { taken[$0] }.min()
            if owner == nil, name.hasSuffix(".conf"), !name.hasPrefix("."),
                !own.isDisjoint(with: source.places("\(main).d/\(name)"))
            {
                owner =
                    "a configuration file, which is what each *.conf in \(Quoted("\(main).d")) is"
            }
            if owner == nil {
                let other = own.compactMap { written[$0] }.first { $0.path != path }
                owner = other.map { "the file of the output at \($0.place)" }
            }
            guard let owner else {
                for place in own { written[place] = (path, declared.keyPlace) }
                return false
            }
            left.append(
                ConfigurationFault(
                    at: declared.keyPlace,
                    table: declared.name,
                    "path: \(Quoted(path)) is \(owner); name another file. This output is not written"
                )
            )
            return true
        }
        return left
    }

    private var secured: [(key: String, file: FilePlace)] {
        let files: [(String, Located<FilePlace>?)] = [
            ("password_file", passwordFile), ("ca_file", caFile), ("cert_file", certFile),
            ("key_file", keyFile),
        ]
        return files.compactMap { key, file in file.map { (key, $0.value) } }
    }
}

/// A file that the daemon reads or writes beside its outputs, and that none of them may be.
package struct ReservedFile: Hashable, Sendable {
    package let path: String
    /// The use of the file, as the end of a sentence that starts with "path is".
    let what: String

    /// Those of a daemon.
    ///
    /// - Parameter stateFiles: What one run leaves for the next.
    package static func all(
        statusFile: String,
        controlSocket: String,
        stateFiles: [String]
    ) -> [ReservedFile] {
        let ofState = stateFiles.map { path in
            ReservedFile(path: path, what: "what one run of the daemon leaves for the next")
        }
        return ofState + [
            ReservedFile(path: statusFile, what: "the status file"),
            ReservedFile(path: controlSocket, what: "the control socket"),
        ]
    }
}
