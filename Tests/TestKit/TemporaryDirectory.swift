import Foundation

/// An empty directory that is gone after the test.
public struct TemporaryDirectory: Sendable {
    /// Its absolute path.
    public let path: String

    /// A directory that is somebody else's to remove.
    public init(path: String) { self.path = path }

    /// Runs `body` with a fresh directory and removes it afterwards, whatever happens.
    public static func with<Value>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (TemporaryDirectory) async throws -> Value
    ) async throws -> Value {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "discoveryd-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(TemporaryDirectory(path: url.path))
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file in it.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// The text of a file in it, or `nil` when there is none.
    public func read(_ name: String) -> String? {
        (try? Data(contentsOf: URL(filePath: file(name)))).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// What is in it, hidden files included, sorted.
    public var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}
