import Foundation

extension EtcdServer {
    /// Gives etcd users: `root`, and `discoveryd` with the password `secret`, which may read and write
    /// what begins with `services/`.
    public func addUsers() async throws {
        try await etcdctl("role", "add", "discoveryd")
        try await etcdctl(
            "role",
            "grant-permission",
            "discoveryd",
            "--prefix=true",
            "readwrite",
            "services/"
        )
        try await etcdctl("user", "add", "discoveryd:secret")
        try await etcdctl("user", "grant-role", "discoveryd", "discoveryd")
        try await etcdctl("user", "add", "root:root")
        try await etcdctl("role", "add", "root")
        try await etcdctl("user", "grant-role", "root", "root")
        try await etcdctl("auth", "enable")
    }

    /// Runs etcdctl as root, once there are users.
    ///
    /// - Parameter input: What it reads from its standard input.
    /// - Returns: What it printed.
    @discardableResult
    public func asRoot(_ arguments: String..., input: String = "") async throws -> String {
        let result = try await shell(
            "printf '%s\\n' '\(input)' | etcdctl --user=root:root \"$@\"",
            arguments
        )
        guard result.status == 0 else {
            throw Failure(
                description: "etcdctl \(arguments.joined(separator: " ")): \(result.errors)"
            )
        }
        return result.output
    }

    /// Runs a line of shell, in which `etcdctl` is that of the server's version and speaks to it.
    ///
    /// - Parameter arguments: `$1` and so on.
    public func shell(_ line: String, _ arguments: [String] = []) async throws -> Command.Result {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        var environment = [
            "ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": endpoint,
            "PATH": "\(version.directory.path):\(path)",
        ]
        if let certificate = options.certificate {
            environment["ETCDCTL_CACERT"] = certificate.authority
        }
        if let own = options.clientCertificate {
            environment["ETCDCTL_CERT"] = own.file
            environment["ETCDCTL_KEY"] = own.keyFile
        }
        return try await Command(
            "/bin/sh",
            ["-c", line, "sh"] + arguments,
            environment: environment
        )
        .run()
    }
}
