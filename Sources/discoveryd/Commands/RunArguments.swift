import Daemon

/// The options of `discoveryd run`.
struct RunArguments: Hashable {
    /// The configuration file; where it usually is without one.
    var configuration: String?
    var statusFile = StatusFile.standardPath
    /// The directory for what the next run wants; systemd's `STATE_DIRECTORY` without one.
    var stateDirectory: String?
    var controlSocket = LocalAPIRoutes.standardSocket
    var logLevel = LogLevel.info
}

extension RunArguments {
    /// Reads a command line of the plain form that units have: `run`, and options by their names, each once and with
    /// its value.
    ///
    /// The parser of commands reads the same from it, but builds all commands by reflection first, which is a good
    /// part of what the start of the daemon takes.
    ///
    /// - Parameter words: The command line without the name of the program.
    /// - Returns: `nil` for every other form, right or wrong: that one is for the parser, which knows what to say.
    init?(plain words: ArraySlice<String>) {
        guard words.first == "run" else { return nil }
        self.init()
        var seen: [String] = []
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            var name = word
            var value: String?
            if word.hasPrefix("--"), let sign = word.firstIndex(of: "=") {
                name = String(word[..<sign])
                value = String(word[word.index(after: sign)...])
            } else {
                if word == "-c" { name = "--config" }
                value = rest.popFirst()
            }
            guard let value, !value.isEmpty, !value.hasPrefix("-"), !seen.contains(name) else {
                return nil
            }
            seen.append(name)
            switch name {
            case "--config": configuration = value
            case "--status-file": statusFile = value
            case "--state-directory": stateDirectory = value
            case "--control-socket": controlSocket = value
            case "--log-level":
                guard let level = LogLevel(rawValue: value) else { return nil }
                logLevel = level
            default: return nil
            }
        }
    }
}
