import Foundation
import Synchronization

/// Programs of ours in Go, built with the libraries that Debian ships, without a network.
public enum GoProgram {
    private static let builds = Mutex<[String: Task<String, any Error>]>([:])

    /// Builds a program, once for all tests.
    ///
    /// - Parameter source: The folder of its `main`, from the top of the checkout.
    /// - Returns: The path of the program.
    /// - Throws: ``DidNotHappen`` with the compiler's words when it cannot be built.
    public static func built(_ source: String) async throws -> String {
        let build = builds.withLock { builds in
            if let known = builds[source] { return known }
            let new = Task { try await make(source) }
            builds[source] = new
            return new
        }
        return try await build.value
    }

    private static func make(_ source: String) async throws -> String {
        let folder = Repository.root.appending(path: source)
        let products = Repository.root.appending(path: ".build/go-programs")
        try FileManager.default.createDirectory(at: products, withIntermediateDirectories: true)
        let program = products.appending(path: folder.lastPathComponent).path
        let result = try await Command(
            "/bin/sh",
            ["-c", "cd \"$1\" && go build -o \"$2\" .", "sh", folder.path, program],
            environment: [
                "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                "GOCACHE": Repository.root.appending(path: ".build/go-cache").path,
            ]
        ).run(within: .seconds(300))
        guard result.status == 0 else {
            throw DidNotHappen(
                description: "go build, which dev/install-packages.sh sees to: \(result.errors)"
            )
        }
        return program
    }
}
